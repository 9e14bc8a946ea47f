"""Every entry that runs here, on docker: resolved and rendered, without running it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright import folders
from stackwright.catalog.load import Catalog
from stackwright.manifest.load import load_manifest
from stackwright.model.plan import Plan
from stackwright.render.root import main_tf
from stackwright.resolve import Identity, resolve

CATALOG = Catalog.shipped()
TOOLS = [tool for tool in CATALOG.tools() if "docker" in CATALOG.targets(tool) and CATALOG.tool(tool).layers]
BLUEPRINTS = sorted(path.stem for path in (folders.shipped() / "blueprints").glob("[!_]*.yaml"))


def planned(folder: Path, text: str) -> Plan:
    """The plan of a manifest, all of it on docker."""
    file = folder / "stack.yaml"
    file.write_text(text)
    manifest, wrong = load_manifest(file, CATALOG)
    assert wrong == [] and manifest is not None
    identity = Identity("it-0a1b2c", Path("/machine/w"), {}, True, Path("/machine/state"), Path("/machine/cache"))
    plan, found = resolve(manifest, CATALOG, identity)
    assert found == [] and plan is not None
    return plan


def checked(plan: Plan) -> None:
    """Nothing of this machine is inside, everything offered is published, and the root is rendered."""
    for component in plan.components:
        if component.spec is None:
            continue
        inside = {key: value for key, value in component.spec.items() if key not in ("entry", "container")}
        text = json.dumps(inside)
        assert not [place for place in ("/machine/", str(CATALOG.folders[0])) if place in text]
        told = component.spec["container"]
        offered = {endpoint.fields["port"] for endpoint in component.endpoints.values()}
        assert offered <= set(told["publish"].values())
        assert len(set(component.spec["ports"].values())) == len(component.spec["ports"])
    assert main_tf(plan).count('"./modules/container"') == sum(one.spec is not None for one in plan.components)


@pytest.mark.parametrize("tool", TOOLS)
def test_an_entry_on_docker(tool: str, tmp_path: Path) -> None:
    """Without a word of its own, with whatever joins for its needs."""
    layer = next(iter(CATALOG.tool(tool).layers))
    checked(planned(tmp_path, f"name: it\ntarget: docker\nlayers: {{{layer}: {tool}}}\n"))


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_on_docker(name: str, tmp_path: Path) -> None:
    """Every ready stack, moved by one word."""
    text = (folders.shipped() / "blueprints" / f"{name}.yaml").read_text(encoding="utf-8")
    checked(planned(tmp_path, text.replace("target: process", "target: docker")))
