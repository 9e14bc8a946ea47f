"""Model formats: found in common, or told why there is none."""

from typing import Any

LAYERS = {"model-registry": "keeper", "serving": "server"}


def tools(kit: Any, kept: list[str], taken: list[str], **more: Any) -> dict[str, Any]:
    """A registry and a serving tool with these formats."""
    return {
        "keeper": kit.entry("model-registry", formats=kept),
        "server": kit.entry("serving", formats=taken),
        **more,
    }


def test_a_common_format_is_enough(kit: Any) -> None:
    """One format that both know will do, and a tool that declares none takes any file."""
    for kept, taken in ((["onnx", "sklearn-skops"], ["onnx"]), ([], ["onnx"]), (["onnx"], [])):
        assert kit.plan(LAYERS, tools(kit, kept, taken)).notes == ()


def test_no_common_format_is_refused(kit: Any) -> None:
    """A registry that keeps nothing the serving tool takes is told before anything starts, with tools that fit."""
    other = kit.entry("serving", formats=["sklearn-skops"])
    plan, found = kit.answer(LAYERS, tools(kit, ["sklearn-skops"], ["onnx"], other=other))
    assert plan is None
    (told,) = found
    assert told.code == "R027"
    assert told.detail == (
        "`serving` (server) takes models as `onnx`, and `model-registry` (keeper) keeps them as `sklearn-skops`."
    )
    assert told.hint == "`serving` from there is done by `other`"


def test_models_nobody_serves_are_noted(kit: Any) -> None:
    """What the training tool makes and nobody takes is no mistake, jobs may make models too; but it is said."""
    maker = kit.entry("training", formats=["xgboost-json"])
    plan = kit.plan(LAYERS | {"training": "maker"}, tools(kit, ["onnx"], ["onnx"], maker=maker))
    (note,) = plan.notes
    assert note.component == "training"
    assert note.text.startswith("It makes models as `xgboost-json`, and `model-registry` (keeper) takes `onnx`")
