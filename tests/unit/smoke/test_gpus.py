"""The verb `gpu_check` for tools that have none: where it is spoken, and what must hold of what comes back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackwright.folders import shipped
from stackwright.model.plan import Component, Plan
from stackwright.smoke import gpus, run_smoke
from stackwright.smoke.pipeline import NothingToCheck, UnmetError
from stackwright.smoke.site import Site
from stackwright.smoke.worker import UnspokenError
from stackwright_job import gpu

CATALOG = Path(__file__).parent / "catalog"
DEVICE = {"name": "NVIDIA L4", "memory_mb": 1, "capability": "8.9", "driver": "CUDA 12.4", "seconds": 0.1}
WITH = {"where": "a", "devices": [DEVICE]}
WITHOUT = {"where": "b", "devices": [], "none": "no driver"}
WRONG = {"where": "c", "devices": [], "wrong": "1 of 3072 elements of a matrix product are wrong"}


class NoSecrets:
    """A stack without any."""

    def fill(self, text: Any) -> str:
        return str(text)

    def redact(self, message: str) -> str:
        return message


class Engine:
    """A worker of verbs whose compute engine leaves `lazy` out for a while."""

    def __init__(self, lazy: int) -> None:
        self.lazy, self.asked = lazy, 0

    def call(self, layer: str, verb: str, args: dict[str, Any], endpoints: dict[str, Any]) -> dict[str, Any]:
        if verb == "workers":
            return {"ids": ["one", "two"]}
        self.asked += 1
        assert (layer, args["module"], args["function"]) == ("compute-engine", gpu.__file__, "on_worker")
        names = ["one", "one" if self.asked <= self.lazy else "two"]
        return {"workers": names, "results": [{"where": name, "devices": [DEVICE]} for name in names]}


def _site(plan: Plan, workspace: Path, **more: Any) -> Site:
    return Site(plan, workspace, NoSecrets(), {}, (CATALOG,), **more)


def _component(plan: Plan, **changed: Any) -> Component:
    return plan.components[0].model_copy(update=changed)


def test_what_spreads_work_takes_it_to_every_worker(stack: Callable[..., Plan], workspace: Path) -> None:
    """One that took none of the items at first is asked for again; one that never does is said to have none."""
    plan, engine = stack(("compute-engine",)), Engine(lazy=1)
    found = gpus.check(_site(plan, workspace), lambda: engine, "compute-engine", _component(plan))  # type: ignore[arg-type]
    assert [place["where"] for place in found["places"]] == ["compute-engine one", "compute-engine two"]
    assert engine.asked == 2
    idle = gpus.check(_site(plan, workspace), lambda: Engine(lazy=9), "compute-engine", _component(plan))  # type: ignore[arg-type,return-value]
    assert idle["places"][1]["none"] == "it took none of the work"


def test_a_server_has_it_run_in_its_own_place(stack: Callable[..., Plan], workspace: Path) -> None:
    """By the Python of its environment there, which needs nothing of ours."""
    plan, heard = stack(("serving",)), []

    def inside(component: Component, words: list[str]) -> str:
        heard.append((component.id, words))
        return "a client that chats\n" + json.dumps(WITH) + "\n"

    server = _component(plan, spec={"environment": {"prefix": "/opt/stack/env"}, "processes": []})
    found = gpus.check(_site(plan, workspace, inside=inside), lambda: None, "serving", server)  # type: ignore[arg-type,return-value]
    assert found == {"places": [{**WITH, "where": "serving"}]}
    ((name, words),) = heard
    assert (name, words[:4]) == ("serving", ["/opt/stack/env/bin/python", "-I", "-S", "-c"])
    assert len(words[4]) < 100_000  # words of a command have their limit


def test_what_trains_does_it_in_an_environment_like_its_verbs(stack: Callable[..., Plan], workspace: Path) -> None:
    """A process of our own; what it finds is this machine's."""
    plan = stack(("training",))
    found = gpus.check(_site(plan, workspace), lambda: None, "training", _component(plan))  # type: ignore[arg-type,return-value]
    (place,) = found["places"]
    assert place["where"] == "training"
    assert place["devices"] or place.get("none") or place.get("wrong")


def test_nobody_looks_into_what_runs_elsewhere(stack: Callable[..., Plan], workspace: Path) -> None:
    """A vendor's machines are the vendor's."""
    plan = stack(("serving",))
    with pytest.raises(UnspokenError, match="runs elsewhere"):
        gpus.check(_site(plan, workspace), lambda: None, "serving", _component(plan, target="hosted"))  # type: ignore[arg-type,return-value]


@pytest.fixture
def seen() -> Iterator[Callable[..., dict[str, Any]]]:
    """What must hold of places, as the pipeline asks it."""
    folder = str(shipped() / "smoke_tests")
    sys.path.append(folder)
    from layer_checks import devices

    yield devices.seen
    sys.path.remove(folder)


def test_what_must_hold(seen: Callable[..., dict[str, Any]]) -> None:
    """A wrong product fails; no device is nothing to check, unless one was asked for; else the devices are shown."""
    assert seen([WITH, WITHOUT])["shown"] == "NVIDIA L4, in 1 of 2 places"
    with pytest.raises(NothingToCheck, match="no GPU: no driver"):
        seen([WITHOUT, WITHOUT])
    with pytest.raises(UnmetError, match="c: 1 of 3072 elements"):
        seen([WITH, WRONG])
    with pytest.raises(UnmetError, match="GPUs were asked for, and there is none: b: no driver"):
        seen([WITH, WITHOUT], 1)
    with pytest.raises(UnmetError):
        seen([])


def test_a_tool_may_have_its_own(stack: Callable[..., Plan], workspace: Path, tmp_path: Path) -> None:
    """Then that is spoken, and what it says is held to the same."""
    own = tmp_path / "catalog" / "fake"
    own.mkdir(parents=True)
    place = {"where": "mine", "devices": [DEVICE]}
    (own / "smoke.py").write_text(f"def gpu_check(ctx):\n    return {{'places': [{place!r}]}}\n")
    (tmp_path / "catalog" / "_interfaces").symlink_to(CATALOG / "_interfaces")
    plan = stack(("training",))
    report = run_smoke(plan, workspace, NoSecrets(), "gpu", lambda _: None, catalog=tmp_path / "catalog")
    steps = {step.layer: (step.state, step.detail) for step in report.steps}
    assert steps["training"] == ("passed", "NVIDIA L4, in 1 of 1 places")
    assert steps["serving"] == ("skipped", "the stack has no `serving`")
