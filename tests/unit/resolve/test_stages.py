"""The whole way from manifest to plan: golden, deterministic, and sound for any catalog."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackwright.catalog.load import Catalog
from stackwright.manifest.load import load_manifest
from stackwright.model.address import module_name
from stackwright.model.plan import Plan
from stackwright.resolve import resolve

TINY = Path(__file__).parents[1] / "tiny_catalog"
GOLDEN = Path(__file__).with_name("golden_plan.json")
MANIFEST = """\
name: it
blueprint: demo
layers:
  serving: {tool: tinyapp, settings: {workers: 2, greeting: "${hi} {{ there }}"}}
  database: tinydb
  data-versioning: tinylib
jobs: {packages: ["pandas==3.1.1"]}
"""


def planned(kit: Any, text: str = MANIFEST) -> Plan:
    """The plan of a manifest over the tiny catalog."""
    file = kit.folder / "stack.yaml"
    file.write_text(text)
    catalog = Catalog((TINY,))
    manifest, wrong = load_manifest(file, catalog)
    assert wrong == []
    assert manifest is not None
    plan, found = resolve(manifest, catalog, kit.identity)
    assert found == []
    assert plan is not None
    return plan


def test_golden(kit: Any) -> None:
    """The plan of the tiny catalog is what it was; UPDATE_GOLDEN=1 writes it anew."""
    text = planned(kit).model_dump_json(indent=1)
    text = text.replace(str(TINY), "[CATALOG]").replace(str(kit.folder), "[DIR]")
    text = re.sub(r"\b(tiny[a-z]+|jobs)-[0-9a-f]{16}\b", r"\1-[KEY]", text)  # of this machine's kind
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text + "\n")
    assert json.loads(text) == json.loads(GOLDEN.read_text())


def test_deterministic(kit: Any) -> None:
    """The same manifest gives the same bytes."""
    assert planned(kit).model_dump_json() == planned(kit).model_dump_json()


def test_a_plan_reads_back(kit: Any) -> None:
    """plan.json is the plan: what is read from it is equal to what was written."""
    plan = planned(kit)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_partial_manifest(kit: Any) -> None:
    """Of a manifest with mistakes the choices are checked all the same, the wires are not."""
    file = kit.folder / "stack.yaml"
    file.write_text(
        "name: it\nlayers:\n  databse: tinydb\n  serving: {tool: tinyapp, settings: {workers: two}}\n"
        "  data-versioning: tinylb\n"
    )
    catalog = Catalog((TINY,))
    manifest, wrong = load_manifest(file, catalog)
    assert manifest is not None
    plan, found = resolve(manifest, catalog, kit.identity)
    assert plan is None
    assert [d.code for d in [*wrong, *found]] == ["M007", "R006", "R001"]


def test_a_broken_entry(kit: Any) -> None:
    """An entry that cannot be read is a diagnostic, not a traceback."""
    broken = kit.db()
    broken["recipe"]["nonsense"] = 1
    plan, found = kit.answer({"database": "db"}, {"db": broken})
    assert plan is None
    assert found[0].code.startswith("C")


def test_only_what_is_needed_is_read(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan reads the entries it uses and no other file of the catalog."""
    from stackwright.catalog import load

    read: list[str] = []
    real = load.read_yaml
    monkeypatch.setattr(load, "read_yaml", lambda path, *rest: (read.append(Path(path).name), real(path, *rest))[1])
    tools = {f"t{n}": kit.entry("storage") for n in range(30)}
    kit.plan({"database": "db"}, {**tools, "db": kit.db()})
    assert sorted(read) == ["_layers.yaml", "recipe.yaml", "sql.yaml", "tool.yaml"]


LAYERS = ["database", "storage", "serving", "labeling", "monitoring", "notebooks"]
INTERFACES = ["i0", "i1", "i2"]
NEED = st.fixed_dictionaries(
    {"interface": st.sampled_from(INTERFACES), "about": st.just("x")},
    optional={"optional": st.booleans(), "many": st.booleans(), "features": st.sampled_from([[], ["f"]])},
)
TOOL = st.fixed_dictionaries(
    {
        "provides": st.dictionaries(st.sampled_from(["e0", "e1"]), st.sampled_from(INTERFACES), min_size=1),
        "needs": st.dictionaries(st.sampled_from(["n0", "n_1"]), NEED),
        "grant": st.booleans(),
        "features": st.booleans(),
        "jobs": st.booleans(),
        "layers": st.sets(st.sampled_from(LAYERS), min_size=1, max_size=3),
    }
)
INTERFACE = st.fixed_dictionaries(
    {
        "default": st.sampled_from([True, True, True, False]),
        "exclusive": st.sampled_from([False, False, True]),
        "client": st.booleans(),
    }
)


def entry_of(kit: Any, number: int, wish: dict[str, Any]) -> dict[str, Any]:
    """An entry made of what hypothesis drew."""
    recipe: dict[str, Any] = {"secrets": ["own"], "install": {"packages": [f"p{number}==1"]}}
    if wish["jobs"]:
        recipe["install"]["with"] = "jobs"
    if wish["grant"]:
        recipe["grant"] = {
            "command": ["g", "{{ grant.name }}"],
            "fields": {"user": "{{ grant.name }}", "key": "{{ grant.secret }}"},
        }
    refs = [name for name, need in wish["needs"].items() if not need.get("many")]
    recipe["env"] = {f"N_{n.upper()}": {"when": f"needs.{n}", "value": f"{{{{ needs.{n}.address }}}}"} for n in refs}
    features = {name: ["f"] for name in wish["provides"]} if wish["features"] else {}
    layers = sorted(wish["layers"])
    return dict(kit.entry(*layers, provides=wish["provides"], needs=wish["needs"], features=features, recipe=recipe))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOOL, min_size=4, max_size=7), st.lists(INTERFACE, min_size=3, max_size=3), st.data())
def test_any_catalog(kit: Any, wishes: list[dict[str, Any]], kinds: list[dict[str, Any]], data: st.DataObject) -> None:
    """Whatever the catalog: mistakes with a place, or a plan that is sound in every way checked below."""
    tools = {f"t{n}": entry_of(kit, n, wish) for n, wish in enumerate(wishes)}
    defaults = {i: name for name, tool in tools.items() for i in tool["tool"]["provides"].values()}
    interfaces = {
        name: {
            "about": "x",
            "exclusive": kind["exclusive"],
            "fields": {"user": {}, "key": {"secret": True}, "address": {"derive": "{{ host }}:{{ port }}"}},
            **({"default": defaults[name]} if kind["default"] and name in defaults else {}),
            **({"client": {"env": {f"{name.upper()}_ADDRESS": "{{ address }}"}}} if kind["client"] else {}),
        }
        for name, kind in zip(INTERFACES, kinds, strict=True)
    }
    offered = [(layer, tool) for n, tool in enumerate(tools) for layer in sorted(wishes[n]["layers"])]
    picked = data.draw(st.lists(st.sampled_from(offered), min_size=2, max_size=4, unique=True))
    layers: dict[str, list[str]] = {}
    for layer, tool in picked:
        layers.setdefault(layer, []).append(tool)
    plan, found = kit.answer(layers, tools, interfaces)
    assert (plan is None) == bool(found)
    assert all(d.where and d.detail and d.hint for d in found)
    if plan:
        sound(plan, interfaces, tools)
        again, _ = kit.answer(layers, tools, interfaces)
        assert unplaced(again) == unplaced(plan)


def unplaced(plan: Plan | None) -> str:
    """The plan without the number of the catalog's folder."""
    assert plan is not None
    return re.sub(r"catalog\d+", "catalog", plan.model_dump_json())


def sound(plan: Plan, interfaces: dict[str, Any], tools: dict[str, Any]) -> None:
    """What must hold for every plan."""
    ids = [component.id for component in plan.components]
    place = {component_id: index for index, component_id in enumerate(ids)}
    ports = [port for component in plan.components for port in component.ports.values()]
    grants = [wire.grant["name"] for wire in plan.wires if wire.grant]
    things = [*ids, *(f"grant:{w.id}" for w in plan.wires), *(f"environment:{e.key}" for e in plan.environments)]
    for names in (
        ids,
        ports,
        grants,
        [w.id for w in plan.wires],
        plan.secrets,
        [module_name(thing) for thing in things],
    ):
        assert len(set(names)) == len(names)
    keys = {environment.key for environment in plan.environments}
    for component in plan.components:
        assert component.environment in keys
        assert component.because
        for step in component.after:
            assert step.startswith("grant:") or place[step] < place[component.id]
        wanted = tools[component.tool]["tool"]["needs"]
        for name, need in wanted.items():
            got = [w for w in plan.wires if w.consumer == component.id and w.need.partition(".")[0] == name]
            assert got or need.get("optional")
            assert len(got) <= 1 or need.get("many")
            assert all(wire.interface == need["interface"] and wire.fields["port"] for wire in got)
    servers: dict[str, list[str]] = {}
    for wire in plan.wires:
        assert wire.server in place
        if wire.grant:
            assert wire.id in plan.secrets
        if interfaces[wire.interface]["exclusive"] and wire.consumer != "jobs":
            servers.setdefault(wire.server, []).append(wire.id)
    assert all(len(consumers) == 1 for consumers in servers.values())
