"""Checks catalog entries: every rule of `rules/`, over every entry, without running anything."""

from __future__ import annotations

from collections.abc import Iterable

from stackwright.catalog.load import Catalog
from stackwright.catalog.rules.beside import check_beside
from stackwright.catalog.rules.entry import Entry
from stackwright.catalog.rules.hosted import check_hosted
from stackwright.catalog.rules.install import check_install
from stackwright.catalog.rules.interface import check_interface
from stackwright.catalog.rules.recipe import check_recipe
from stackwright.catalog.rules.scope import check_scope
from stackwright.catalog.rules.tool import check_tool
from stackwright.errors import Diagnostic, StackError

RULES_OF_A_RECIPE = (check_recipe, check_scope, check_install, check_beside)


def check(catalog: Catalog, ids: Iterable[str] | None = None) -> list[Diagnostic]:
    """Every mistake in the entries asked for and the interfaces they speak; by default, in all that are not others'."""
    chosen = catalog.own_tools() if ids is None else list(ids)
    found: list[Diagnostic] = []
    spoken: set[str] = catalog.own_interfaces() if ids is None else set()
    for tool_id in chosen:
        try:
            entry = Entry.read(catalog, tool_id)
        except StackError as error:
            found += error.diagnostics
            continue
        for rule in (check_tool, check_hosted, *(RULES_OF_A_RECIPE if entry.has_recipe else ())):
            rule(entry)
        found += entry.found
        spoken |= set(entry.tool.provides.values()) | {i for n in entry.tool.needs.values() for i in n.interface}
    for name in sorted(spoken & set(catalog.interfaces())):
        try:
            found += check_interface(catalog, name)
        except StackError as error:
            found += error.diagnostics
    return found
