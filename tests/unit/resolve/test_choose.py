"""Choices: ids, merged layers, settings with their defaults."""

from typing import Any


def ids(plan: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Components with their layers."""
    return [(component.id, component.layers) for component in plan.components]


def test_one_component_for_several_layers(kit: Any) -> None:
    """A tool that fills several layers the same way is one component, named after the first."""
    plan = kit.plan(
        {"experiment-tracking": "t", "model-registry": "t"}, {"t": kit.entry("experiment-tracking", "model-registry")}
    )
    assert ids(plan) == [("experiment-tracking", ("experiment-tracking", "model-registry"))]
    assert plan.components[0].because == "the manifest names it for `experiment-tracking` and `model-registry`"


def test_other_settings_make_another_component(kit: Any) -> None:
    """With other settings it is another component; a default that is written out is the same setting."""
    tools = {
        "t": kit.entry(
            "experiment-tracking", "model-registry", settings={"n": {"type": "integer", "default": 1, "about": "x"}}
        )
    }
    two = kit.plan({"experiment-tracking": "t", "model-registry": {"tool": "t", "settings": {"n": 2}}}, tools)
    assert [(c.id, c.settings) for c in two.components] == [
        ("experiment-tracking", {"n": 1}),
        ("model-registry", {"n": 2}),
    ]
    one = kit.plan({"experiment-tracking": "t", "model-registry": {"tool": "t", "settings": {"n": 1}}}, tools)
    assert len(one.components) == 1


def test_contradicting_wires_make_another_component(kit: Any) -> None:
    """Wires named under either layer hold for the one component; two that contradict each other make two."""
    tools = {"t": kit.needing("experiment-tracking", "model-registry"), "db": kit.db(), "other": kit.db("storage")}
    first = {"tool": "t", "needs": {"store": "database"}}
    one = kit.plan({"experiment-tracking": "t", "model-registry": first, "database": "db", "storage": "other"}, tools)
    assert [w.server for w in one.wires if w.consumer != "jobs"] == ["database"]
    layers = {"experiment-tracking": {"tool": "t", "needs": {"store": "storage"}}, "model-registry": first}
    two = kit.plan({**layers, "database": "db", "storage": "other"}, tools)
    assert {w.consumer: w.server for w in two.wires if w.consumer != "jobs"} == {
        "experiment-tracking": "storage",
        "model-registry": "database",
    }


def test_several_tools_of_a_layer(kit: Any) -> None:
    """A layer's first tool has its name, the second says which it is."""
    plan = kit.plan({"database": ["db", "redis"]}, {"db": kit.entry("database"), "redis": kit.entry("database")})
    assert [c.id for c in plan.components] == ["database", "database:redis"]


def test_orchestration_is_one_component(kit: Any) -> None:
    """The key that stands for two layers is the component's name; its layers are what its tool does of them."""
    both = {"flow": kit.entry("data-pipelines", "experiment-pipelines"), "half": kit.entry("data-pipelines")}
    assert ids(kit.plan({"orchestration": "flow"}, both)) == [
        ("orchestration", ("data-pipelines", "experiment-pipelines"))
    ]
    assert ids(kit.plan({"orchestration": "half"}, both)) == [("orchestration", ("data-pipelines",))]


def test_uncovered_layers(kit: Any) -> None:
    """The plan says which layers of the blueprint nobody does."""
    plan = kit.plan({"orchestration": "half"}, {"half": kit.entry("data-pipelines")}, more={"blueprint": "demo"})
    assert "data-pipelines" not in plan.uncovered
    assert {"experiment-pipelines", "serving"} <= set(plan.uncovered)


def test_settings_of_every_type(kit: Any) -> None:
    """Values keep their type; what nobody says has its default; a folder is absolute, its default in the entry."""
    (kit.folder / "data").mkdir()
    types = {
        "text": {"type": "string", "about": "x"},
        "whole": {"type": "integer", "default": 3, "about": "x"},
        "number": {"type": "number", "default": 0.5, "about": "x"},
        "truth": {"type": "boolean", "default": False, "about": "x"},
        "mine": {"type": "folder", "default": "flows", "about": "x"},
        "theirs": {"type": "folder", "default": "flows", "about": "x"},
    }
    values = {"text": "${x}", "number": 2, "truth": True, "mine": "data"}
    plan = kit.plan({"database": {"tool": "t", "settings": values}}, {"t": kit.entry("database", settings=types)})
    assert plan.components[0].settings == {
        "text": "${x}",
        "whole": 3,
        "number": 2,
        "truth": True,
        "mine": str(kit.folder / "data"),
        "theirs": str(kit.folder / "catalog1" / "t" / "flows"),
    }
    assert plan.components[0].settings["truth"] is True
