"""Make a new stack.yaml from a blueprint."""

from __future__ import annotations

import re
from pathlib import Path

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.operations.find import MANIFEST

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def blueprints() -> dict[str, str]:
    """Each blueprint that ships with Stackwright, with what it is for."""
    from stackwright.yamlfile import read_yaml

    found = sorted(p for p in (folders.shipped() / "blueprints").glob("[a-z]*.yaml"))
    return {p.stem: str(read_yaml(p).data.get("about", "")) for p in found}


def init(folder: Path, name: str | None, blueprint: str | None, picks: dict[str, str], force: bool) -> Path:
    """Write `folder`/NAME/stack.yaml (without NAME: `folder`/stack.yaml); refuses to overwrite unless forced."""
    path = (folder / name if name else folder) / MANIFEST
    text = preview(folder, name, blueprint, picks)
    if path.exists() and not force:
        raise StackError(
            Diagnostic("U010", "manifest exists", f"`{path}` is there already.", hint="overwrite it with --force"),
            Exit.USAGE,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def preview(folder: Path, name: str | None, blueprint: str | None, picks: dict[str, str]) -> str:
    """The text that `init` would write."""
    from stackwright.catalog.load import Catalog
    from stackwright.manifest.scaffold import scaffold

    return scaffold(name or _name_of(folder), blueprint or "demo", picks, Catalog.shipped())


def _name_of(folder: Path) -> str:
    """A stack's name made of its folder's."""
    name = re.sub(r"[^a-z0-9-]+", "-", folder.absolute().name.lower()).strip("-")[:31]
    return name if NAME.fullmatch(name) else "stack"
