"""What a tool is proven in, what counts as proven, and which tools are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stackwright.catalog import proof
from stackwright.catalog.load import Catalog
from stackwright.errors import StackError
from stackwright.model.catalog import Tool
from stackwright.model.report import SmokeReport, Step, WireCheck
from stackwright.operations import proving
from stackwright.operations.prove import _failures, _restarted
from stackwright.operations.provings import wanted
from stackwright.runtime import process
from stackwright.runtime.units import Unit
from stackwright.smoke.pipeline import Pipeline

TINY = Path(__file__).parents[1] / "tiny_catalog"
SHIPPED = Path(__file__).parents[3] / "catalog"


def tool(**layers: str) -> Tool:
    return Tool.model_validate(
        {"id": "mine", "about": "x", "home": "https://x", "license": "MIT", "kind": "library",
         "layers": {name.replace("_", "-"): extent for name, extent in layers.items()}}
    )  # fmt: skip


def pipeline(*steps: tuple[str, tuple[str, ...], tuple[str, ...]]) -> list[Any]:
    """Steps by name, layers and what they need."""
    made = Pipeline("x")
    for name, layers, needs in steps:

        def function(run: Any) -> dict[str, Any]:
            return {}

        function.__name__ = name
        made.step(name, *layers, needs=needs)(function)
    return made.steps


STEPS = pipeline(
    ("train", ("experiment-pipelines", "compute-engine"), ()),
    ("register", ("model-registry",), ("train",)),
    ("serve", ("serving",), ("register",)),
    ("store", ("storage",), ()),
)


def manifest(folder: Path, target: str = "process", base: str | None = None, /, **layers: str) -> dict[str, Any]:
    """The scratch manifest of a tool with these layers, beside the shipped ones."""
    (folder / "mine").mkdir()
    told = tool(**layers).model_dump(mode="json", include={"about", "home", "license", "kind", "layers"})
    (folder / "mine/tool.yaml").write_text(json.dumps(told))
    catalog = Catalog((*Catalog.shipped().folders, folder), (str(folder),))
    return proving.manifest_of(catalog, catalog.tool("mine"), target, STEPS, proving.Terms(base=base))


def test_the_stack_has_what_the_steps_ask_for(tmp_path: Path) -> None:
    """The tool fills its own layers; the demo's tools fill those that its steps, and what they wait for, speak to."""
    made = manifest(tmp_path, serving="full", storage="partial")
    assert made["layers"]["serving"] == made["layers"]["storage"] == {"tool": "mine", "target": "process"}
    others = {layer: made["layers"][layer] for layer in ("model-registry", "experiment-pipelines", "compute-engine")}
    assert set(others.values()) <= {path.name for path in SHIPPED.iterdir()}
    assert len(made["layers"]) == 5 and made["catalogs"] == [str(tmp_path)]


@pytest.mark.parametrize(("layer", "needed"), [("serving", True), ("training", True), ("storage", False)])
def test_only_models_need_the_packages_of_models(tmp_path: Path, layer: str, needed: bool) -> None:
    """They are large, and an environment of jobs is made for every combination of clients."""
    assert ("jobs" in manifest(tmp_path, **{layer: "full"})) is needed


def test_in_containers_everything_is_but_what_runs_jobs(tmp_path: Path) -> None:
    """What the tool needs is where it can reach it, on the base that was named; jobs are run on this machine."""
    made = manifest(tmp_path, "docker", "mirror/python:3.12", serving="full")
    assert (made["target"], made["docker"]) == ("docker", {"base": "mirror/python:3.12"})
    assert made["layers"]["experiment-pipelines"]["target"] == "process"
    others = {layer: tool for layer, tool in made["layers"].items() if layer != "experiment-pipelines"}
    assert {tool["target"] for tool in others.values() if isinstance(tool, dict)} == {"docker"}


def test_what_answers_a_required_need_has_its_layers() -> None:
    """The tool that joins for a need can be spoken to; the tool's own layers stay its own."""
    catalog = Catalog((TINY,))
    app = catalog.tool("tinyapp")
    (need,) = [need for need in app.needs.values() if not need.optional]
    server = catalog.tool(str(catalog.interface(need.interface[0]).default))
    layers = proving.manifest_of(catalog, app, "process", [])["layers"]
    assert {layer for layer, chosen in layers.items() if chosen == server.id} == set(server.layers) - set(app.layers)
    assert {layer for layer, chosen in layers.items() if chosen != server.id} == set(app.layers)


def test_a_pipeline_is_run_where_the_stack_has_what_it_needs() -> None:
    """A step about the tool's layer counts only when all that it waits for can run."""
    assert proving.has_what_it_needs(["storage"], {"storage"}, STEPS)
    assert not proving.has_what_it_needs(["serving"], {"serving", "model-registry"}, STEPS)
    everything = {"serving", "model-registry", "experiment-pipelines", "compute-engine"}
    assert proving.has_what_it_needs(["serving"], everything, STEPS)


def test_names_fit() -> None:
    """Every tool and target has a stack's name of its own, however long its own is."""
    names = [proving.stack_name("a" * size, target) for size in (5, 40, 41) for target in ("process", "kubernetes")]
    assert len(set(names)) == 6 and max(map(len, names)) <= 31


def report(*steps: Step, wires: tuple[WireCheck, ...] = ()) -> SmokeReport:
    return SmokeReport("prove-mine", "prove-mine-1", "layers", 1.0, wires, steps)


def step(layer: str, state: Any, component: str = "c", detail: str = "") -> Step:
    return Step(f"{layer} asked", layer, component, state, 0.1, detail)


class Mine:
    """As much of a component as is looked at."""

    id = "c"


@pytest.mark.parametrize(
    ("layers", "steps", "codes"),
    [
        ({"storage": "full"}, [step("storage", "passed")], []),
        ({"storage": "full"}, [step("storage", "failed")], ["S031"]),
        ({"storage": "full"}, [step("storage", "skipped")], ["S032"]),
        ({"storage": "full"}, [step("storage", "passed", component="other")], ["S032"]),
        ({"storage": "full", "audit": "full"}, [step("storage", "passed")], ["S032"]),
        ({"storage": "full", "audit": "partial"}, [step("storage", "passed")], []),
        ({"storage": "full"}, [step("storage", "passed"), step("audit", "failed", component="other")], ["S031"]),
        ({"audit": "partial"}, [step("audit", "skipped")], ["S032"]),
        ({"audit": "partial"}, [step("audit", "passed")], []),
    ],
)
def test_what_counts_as_proven(layers: dict[str, str], steps: list[Step], codes: list[str]) -> None:
    """One step of every full layer passed by this tool, and none failed at all."""
    found = _failures(tool(**layers), [report(*steps)], [Mine()])  # type: ignore[list-item]
    assert [diagnostic.code for diagnostic in found] == codes


def test_a_broken_wire_is_no_proof() -> None:
    """Not even where every step passed."""
    wire = WireCheck("c.store", "db", "sql", False, "refused")
    found = _failures(tool(storage="full"), [report(step("storage", "passed"), wires=(wire,))], [Mine()])  # type: ignore[list-item]
    assert [diagnostic.code for diagnostic in found] == ["S030"]


def test_a_process_that_died_is_no_proof() -> None:
    """It was started again, and its verbs may well have passed."""
    me = process.myself()
    fine = Unit("c/main", "h", me, me, "up", 0.0, 0, "", "/log", "TERM", 1.0, ())
    assert _restarted([fine]) == []
    assert [d.code for d in _restarted([fine, fine._replace(restarts=1, reason="exited")])] == ["S034"]
    assert [d.code for d in _restarted([fine._replace(state="failed", reason="exited")])] == ["S034"]


def test_which_tools_are_proven(tmp_path: Path) -> None:
    """Those named, with their targets; all that run here; or those whose proof is stale or missing."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    for entry in TINY.iterdir():
        (folder / entry.name).mkdir()
        for file in [file for file in entry.iterdir() if file.is_file()]:
            (folder / entry.name / file.name).write_bytes(file.read_bytes())
    catalog = Catalog((folder,))
    assert wanted(catalog, ["tinydb", "tinyapp@docker"], False, False) == [("tinydb", "process"), ("tinyapp", "docker")]
    everything = wanted(catalog, [], True, False)
    assert ("tinydb", "process") in everything
    proof.write(catalog, "tinydb", "process", {"date": "2026-11-24", "digest": proof.digest(catalog, "tinydb")})
    assert wanted(catalog, [], False, True) == [job for job in everything if job[0] != "tinydb"]
    with pytest.raises(StackError, match="U021"):
        wanted(catalog, ["tinydbb"], False, False)
    inside = wanted(catalog, ["tinydb", "tinyapp@process"], False, False, "docker")
    assert inside == [("tinydb", "docker"), ("tinyapp", "process")]
    servers = {("tinydb", "docker"), ("tinyapp", "docker")}  # a library runs in no container
    assert set(wanted(catalog, [], True, False, "docker")) == servers
    with pytest.raises(StackError, match="U023"):
        wanted(catalog, [], False, False)
