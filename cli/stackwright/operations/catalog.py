"""What the catalog holds, and whether it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, Exit, StackError, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.model.catalog import Recipe, Tool


def tools(layer: str | None = None) -> list[Tool]:
    """Every tool, or those that do a layer."""
    from stackwright.catalog.load import Catalog

    catalog = Catalog.shipped()
    if layer and layer not in catalog.layers():
        near = nearest(layer, catalog.layers())
        hint = f"did you mean `{near}`?" if near else "the layers are " + ", ".join(f"`{x}`" for x in catalog.layers())
        raise StackError(Diagnostic("U020", "unknown layer", f"`{layer}` is not a layer.", hint=hint), Exit.USAGE)
    found = [catalog.tool(name) for name in catalog.tools()]
    return [tool for tool in found if layer is None or layer in tool.layers]


def show(tool_id: str) -> tuple[Tool, Recipe | None]:
    """One tool and how it is run."""
    from stackwright.catalog.load import Catalog

    catalog = Catalog.shipped()
    _known(tool_id, catalog.tools())
    return catalog.tool(tool_id), catalog.recipe(tool_id)


def check(ids: list[str] | None = None) -> list[Diagnostic]:
    """Every mistake in the entries asked for (all of them by default); nothing is run."""
    from stackwright.catalog.checks import check as check_catalog
    from stackwright.catalog.load import Catalog

    catalog = Catalog.shipped()
    for name in ids or []:
        _known(name, catalog.tools())
    return check_catalog(catalog, ids or None)


def lock(ids: list[str]) -> dict[str, Path]:
    """Resolve the entries' packages anew and write their lock.txt."""
    from stackwright.catalog.load import Catalog
    from stackwright.catalog.lock import lock as lock_entry

    catalog = Catalog.shipped()
    for name in ids:
        _known(name, catalog.tools())
    return {name: lock_entry(catalog, name) for name in ids}


def _known(tool_id: str, known: list[str]) -> None:
    if tool_id in known:
        return
    near = nearest(tool_id, known)
    hint = f"did you mean `{near}`?" if near else "the tools are listed by\n    stack catalog list"
    raise StackError(
        Diagnostic("U021", "unknown tool", f"No tool `{tool_id}` is in the catalog.", hint=hint), Exit.USAGE
    )
