"""Make a new stack.yaml from a blueprint."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from stackwright import folders
from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import read, verdict
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.manifest.blueprints import read_blueprint
from stackwright.manifest.scaffold import scaffold
from stackwright.model.manifest import layers_of
from stackwright.model.report import Choosable
from stackwright.operations.find import DEMO, MANIFEST
from stackwright.yamlfile import read_yaml

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def blueprints() -> dict[str, str]:
    """Each blueprint that ships with Stackwright, with what it is for."""
    found = sorted(p for p in (folders.shipped() / "blueprints").glob("[a-z]*.yaml"))
    return {p.stem: str(read_yaml(p).data.get("about", "")) for p in found}


def asked_layers(blueprint: str) -> dict[str, str]:
    """What there is to choose: each layer of the blueprint with its tool, one that names several with the first."""

    def first(value: Any) -> str:
        value = value[0] if isinstance(value, list) else value
        return str(value["tool"] if isinstance(value, dict) else value)

    return {layer: first(value) for layer, value in read_blueprint(blueprint).data["layers"].items()}


def about(layer: str) -> str:
    """What a layer is for; one that is short for several is for all of theirs."""
    return " ".join(Catalog.shipped().layers()[part].about for part in layers_of(layer))


def other_layers(asked: Collection[str]) -> dict[str, str]:
    """The layers that are not among these, with what they are for."""
    taken = {layer for key in asked for layer in layers_of(key)}
    return {name: layer.about for name, layer in Catalog.shipped().layers().items() if name not in taken}


def choices(layer: str) -> tuple[Choosable, ...]:
    """The tools that do a layer on this machine, those that do it whole and were proven first."""
    catalog, wanted, found = Catalog.shipped(), set(layers_of(layer)), []
    for name in catalog.tools():
        if "process" in catalog.targets(name) and wanted <= set((tool := catalog.tool(name)).layers):
            whole = all(tool.layers[one] == "full" for one in wanted)
            weight = (read(catalog, name, "process") or {}).get("install_mb")
            also = tuple(other for other in tool.layers if other not in wanted)
            found.append(Choosable(name, whole, also, verdict(catalog, name), weight, tool.about))
    return tuple(sorted(found, key=lambda one: (not one.whole, one.verdict.state != "proven", one.tool)))


def init(
    folder: Path,
    name: str | None,
    blueprint: str | None,
    picks: Mapping[str, str],
    *,
    force: bool,
    without: Collection[str] = (),
) -> Path:
    """Write `folder`/NAME/stack.yaml (without NAME: `folder`/stack.yaml); refuses to overwrite unless forced."""
    path = (folder / name if name else folder) / MANIFEST
    text = preview(folder, name, blueprint, picks, without)
    if path.exists() and not force:
        detail = f"`{path}` is there already."
        raise StackError(Diagnostic("U010", "manifest exists", detail, hint="overwrite it with --force"), Exit.USAGE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def preview(
    folder: Path, name: str | None, blueprint: str | None, picks: Mapping[str, str], without: Collection[str] = ()
) -> str:
    """The text that `init` would write."""
    return scaffold(name or _name_of(folder), blueprint or DEMO, picks, Catalog.shipped(), without)


def _name_of(folder: Path) -> str:
    """A stack's name made of its folder's."""
    name = re.sub(r"[^a-z0-9-]+", "-", folder.absolute().name.lower()).strip("-")[:31]
    return name if NAME.fullmatch(name) else "stack"
