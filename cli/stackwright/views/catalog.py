"""What `catalog list`, `show` and `check` show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stackwright.views.page import ABSENT, Cell, Ink, Page, Row, counted

if TYPE_CHECKING:
    from stackwright.model.catalog import Recipe, Setting, Tool


def tools(page: Page, found: Sequence[Tool], layer: str | None) -> None:
    """One line a tool; a layer it fills only in part is marked `~`."""
    if not found:
        page.line(f"No tool fills the layer `{layer}`." if layer else "The catalog is empty.")
        return
    rows = [
        Row((Ink(tool.id, "bold"), tool.version or ABSENT, _layers(tool)), [Ink(tool.about, "dim")]) for tool in found
    ]
    page.table(("tool", "version", "layers"), rows, indent=0)
    page.blank()
    partly = " (~ fills the layer in part)" if any("partial" in tool.layers.values() for tool in found) else ""
    page.line(Ink(f"{counted(len(found), 'tool')}{partly}", "dim"))


def tool(page: Page, found: Tool, recipe: Recipe | None) -> None:
    """Everything a manifest can say about one tool."""
    page.line(Ink(found.id, "bold"), f" {found.version or ''}".rstrip(), Ink(f"  {found.license}", "dim"))
    page.paragraph(found.about)
    page.line(Ink(found.home, "cyan"))
    page.blank()
    page.line("layers    ", _layers(found))
    page.line("targets   ", "process" if recipe else "none yet: a vendor's service")
    if found.provides:
        page.heading("Provides", "endpoint: interface")
        page.table(("", ""), [Row((name, interface)) for name, interface in found.provides.items()])
    if found.needs:
        page.heading("Needs")
        rows = []
        for name, need in found.needs.items():
            how = "optional" if need.optional else "required"
            many = ", several" if need.many else ""
            rows.append(Row((name, " or ".join(need.interface), Ink(how + many, "dim"), need.about)))
        page.table(("", "", "", ""), rows)
    if found.settings:
        page.heading("Settings")
        page.table(("", "type", "default", ""), [_setting(name, one) for name, one in found.settings.items()])
    if recipe and recipe.install.packages:
        page.heading("Installs", f"Python {recipe.install.python}")
        for package in recipe.install.packages:
            page.line(package.replace("{{ version }}", found.version or ""), indent=2)


def checked(page: Page, ids: Sequence[str]) -> None:
    """The answer of `check` when there is no mistake."""
    which = ", ".join(ids) if ids else "every entry of the catalog"
    page.line(Ink("✓ ", "green"), f"no mistake in {which}.")


def locked(page: Page, ids: Sequence[str]) -> None:
    """The answer of `lock`."""
    page.line(Ink("✓ ", "green"), f"locked {', '.join(ids) if ids else 'every entry of the catalog'}.")


def _layers(tool: Tool) -> str:
    return ", ".join(layer if full == "full" else f"~{layer}" for layer, full in tool.layers.items()) or ABSENT


def _setting(name: str, setting: Setting) -> Row:
    kind = " | ".join(str(choice) for choice in setting.choices) if setting.choices else setting.type
    if setting.minimum is not None or setting.maximum is not None:
        low = "" if setting.minimum is None else f"{setting.minimum:g}"
        high = "" if setting.maximum is None else f"{setting.maximum:g}"
        kind += f" {low}..{high}"
    default: Cell = ABSENT if setting.default is None else str(setting.default)
    return Row((name, kind, default, setting.about))
