"""Which processes have GPUs, and which ones."""

from __future__ import annotations

from typing import Any

from stackwright.model.plan import Component, Plan

WEB = {"page": "web"}
PROCESSES = {
    "scheduler": {"command": ["serve"]},
    "worker": {"command": ["work"], "count": "{{ settings.workers }}", "after": ["scheduler"]},
}


def _farm(kit: Any, **recipe: Any) -> Any:
    """A tool with copies of a worker."""
    about = {"type": "integer", "default": 2, "about": "Workers."}
    made = kit.entry("compute-engine", provides=WEB, settings={"workers": about}, recipe={"processes": PROCESSES})
    for word in ("command", "ready"):
        made["recipe"].pop(word)
    made["recipe"]["endpoints"]["page"]["of"] = "scheduler"
    made["recipe"] |= recipe
    return made


def _processes(plan: Plan, component: str = "compute-engine") -> dict[str, dict[str, Any]]:
    found: Component = plan.component(component)
    assert found.spec
    return {process["name"]: process for process in found.spec["processes"]}


def test_without_a_word_nobody_has_one_and_nothing_is_hidden(kit: Any) -> None:
    """A component that asks for none sees what the machine has."""
    for process in _processes(kit.plan({"compute-engine": "farm"}, {"farm": _farm(kit)})).values():
        assert "limits" not in process
        assert "CUDA_VISIBLE_DEVICES" not in process["env"]


def test_each_worker_has_its_own(kit: Any) -> None:
    """Of a component with copies these do the work; devices are counted on through the stack."""
    layers = {"compute-engine": {"tool": "farm", "gpu": 2}, "serving": {"tool": "one", "gpu": 1}}
    plan = kit.plan(layers, {"farm": _farm(kit), "one": kit.entry("serving", provides=WEB)})
    seen = {name: process["env"].get("CUDA_VISIBLE_DEVICES") for name, process in _processes(plan).items()}
    assert seen == {"scheduler": None, "worker.0": "0,1", "worker.1": "2,3"}
    (only,) = _processes(plan, "serving").values()
    assert only["env"] == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "4"}
    assert only["limits"] == {"gpu": 1}


def test_a_recipe_says_who_wants_one(kit: Any) -> None:
    """Then that process has it, as many as the manifest says, if it says something."""
    processes = {**PROCESSES, "scheduler": {"command": ["serve"], "resources": {"gpu": 1}}}
    tools = {"farm": _farm(kit, processes=processes)}
    asked = {
        name: process.get("limits") for name, process in _processes(kit.plan({"compute-engine": "farm"}, tools)).items()
    }
    assert asked == {"scheduler": {"gpu": 1}, "worker.0": None, "worker.1": None}
    more = kit.plan({"compute-engine": {"tool": "farm", "gpu": 3}}, tools)
    assert _processes(more)["scheduler"]["env"]["CUDA_VISIBLE_DEVICES"] == "0,1,2"


def test_the_same_tool_with_and_without_is_two_components(kit: Any) -> None:
    """Layers share a component only where they want the same of it."""
    tools = {"both": kit.entry("serving", "monitoring", provides=WEB)}
    plan = kit.plan({"serving": {"tool": "both", "gpu": 1}, "monitoring": "both"}, tools)
    assert [component.id for component in plan.components] == ["serving", "monitoring"]


def test_a_library_starts_nothing_that_could_have_one(kit: Any) -> None:
    """Told with its place, instead of being taken and forgotten."""
    tools = {"lib": kit.entry("training", kind="library")}
    _, (found,) = kit.answer({"training": {"tool": "lib", "gpu": 1}}, tools)
    assert (found.code, found.where.line) == ("R033", 3)
