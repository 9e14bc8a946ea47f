"""What `catalog list`, `show` and `check` show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stackwright.model.deployer import ELSEWHERE
from stackwright.views.page import ABSENT, Cell, Ink, Page, Row, counted

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.model.catalog import Credential, Hosted, Need, Recipe, Setting, Tool
    from stackwright.model.report import CatalogList, CatalogTool, Trusted


def tools(page: Page, found: CatalogList) -> None:
    """The tools of every layer, or one layer's tools with what is known of each."""
    if len(found.layers) == 1:
        _of_layer(page, found.layers[0], found.tools)
        return
    rows = [_row(layer, found.tools) for layer in found.layers]
    page.table(rows, ("layer", "tools that run here (~ in part)"), indent=0)
    page.blank()
    running = sum(_runs_here(one) for one in found.tools)
    page.line(Ink(f"{running} of {found.known} known tools run here. More about one, or about one layer:", "dim"))
    page.line("    stack catalog show TOOL")
    page.line("    stack catalog list --layer LAYER")


def _row(layer: str, found: Sequence[CatalogTool]) -> Row:
    own = [one for one in found if layer in one.tool.layers]
    groups = {
        "": [one for one in own if _runs_here(one)],
        "hosted: ": [one for one in own if one.targets and not _runs_here(one)],
        "known: ": [one for one in own if not one.targets],
    }
    here, *below = (
        f"{title}{', '.join(_name(one.tool, layer) for one in some)}"
        for title, some in groups.items()
        if some or not title
    )
    return Row((Ink(layer, "bold"), here or ABSENT), [Ink(text, "dim") for text in below])


def _runs_here(one: CatalogTool) -> bool:
    return any(target not in ELSEWHERE for target in one.targets)


def _of_layer(page: Page, layer: str, found: Sequence[CatalogTool]) -> None:
    if not found:
        page.line(f"No tool fills the layer `{layer}`.")
        return
    here, known = [one for one in found if one.targets], [one.tool for one in found if not one.targets]
    if here:
        page.table([_running(one, layer) for one in here], ("tool", "version", "runs on"), indent=0)
    if known:
        page.heading("Known, and not run here")
        page.table([_known(one, layer) for one in known], ("tool", "status", "as of", ""))
    page.blank()
    partly = any(one.tool.layers[layer] != "full" for one in found)
    page.line(Ink(f"{counted(len(found), 'tool')}{' (~ in part)' if partly else ''}. All of one:", "dim"))
    page.line("    stack catalog show TOOL")


def tool(page: Page, shown: CatalogTool, recipe: Recipe | None, hosted: Hosted | None) -> None:
    """What a tool is, what became of it, and everything a manifest can say about it."""
    found = shown.tool
    page.line(Ink(found.id, "bold"), f" {found.version or ''}".rstrip(), Ink(f"  {found.license}", "dim"))
    page.paragraph(found.about)
    page.line(Ink(found.home, "cyan"))
    page.blank()
    facts = {"layers": _layers(found), "runs on": _targets(shown), **_gpus(shown), **_written(shown), **_fate(found)}
    page.table([Row((Ink(name, "dim"), text)) for name, text in facts.items()], indent=0)
    if found.provides:
        page.heading("Provides", "endpoint: interface")
        page.table([Row((name, interface)) for name, interface in found.provides.items()])
    if found.needs:
        page.heading("Needs")
        page.table([_need(name, one) for name, one in found.needs.items()])
    if found.settings:
        page.heading("Settings")
        page.table([_setting(name, one) for name, one in found.settings.items()], ("", "type", "default", ""))
    if recipe and (recipe.install.packages or recipe.install.sources):
        page.heading("Installs", f"Python {recipe.install.python}")
        for source, wanted in {"": recipe.install.packages, **recipe.install.sources}.items():
            for word in wanted:
                page.line(f"{source} {word}".strip().replace("{{ version }}", found.version or ""), indent=2)
    if hosted:
        page.heading("Credentials", f"of target: hosted; get them at {hosted.keys}")
        page.table([_credential(name, one) for name, one in hosted.credentials.items()])


def checked(page: Page, ids: Sequence[str]) -> None:
    """The answer of `check` when there is no mistake."""
    which = ", ".join(ids) if ids else "every entry of the catalog"
    page.line(Ink("✓ ", "green"), f"no mistake in {which}.")


def begun(page: Page, name: str, folder: Path, other: str | None) -> None:
    """The answer of `new`: what is there, and what to do next."""
    more = f" --catalog {other}" if other else ""
    page.line(Ink("✓ ", "green"), f"{folder} is there: tool.yaml, recipe.yaml, smoke.py and lock.txt.")
    page.blank()
    page.line("Follow the comments, write the verbs in smoke.py, then")
    for verb in ("check", "prove"):
        page.line(Ink(f"    stack catalog {verb} {name}{more}", "bold"))


def trusted(page: Page, found: Sequence[Trusted], forgotten: bool) -> None:
    """The answer of `trust`: the catalogs that may run, each with what it held."""
    if not found:
        page.line("It is trusted no longer." if forgotten else "No catalog but the shipped one is trusted.")
        return
    rows = [Row((Ink(one.name, "bold"), one.digest[:16] or "whatever it holds", one.date)) for one in found]
    page.table(rows, ("catalog that may run", "as it was", "since"), indent=0)


def locked(page: Page, ids: Sequence[str]) -> None:
    """The answer of `lock`."""
    page.line(Ink("✓ ", "green"), f"locked {', '.join(ids) if ids else 'every entry of the catalog'}.")


def _name(tool: Tool, layer: str) -> str:
    return tool.id if tool.layers[layer] == "full" else f"~{tool.id}"


def _layers(tool: Tool) -> str:
    partly = " (~ in part)" if "partial" in tool.layers.values() else ""
    named = ", ".join(layer if full == "full" else f"~{layer}" for layer, full in tool.layers.items())
    return f"{named}{partly}" if named else "none"


def _targets(one: CatalogTool) -> str:
    if one.targets:
        return ", ".join(f"{target} ({verdict})" for target, verdict in one.targets.items())
    if one.tool.same_as:
        return f"under the name `{one.tool.same_as}`"
    return "none: a vendor's service" if one.tool.kind == "vendor" else "none: the catalog does not say how it starts"


def _gpus(one: CatalogTool) -> dict[str, str]:
    return {"on a GPU": str(one.gpus)} if one.gpus else {}


def _written(one: CatalogTool) -> dict[str, str]:
    """What a manifest says to have it."""
    if not one.targets or not one.tool.layers:
        return {}
    layer = min(one.tool.layers, key=lambda name: one.tool.layers[name] != "full")  # the first of those it fills whole
    tool, target = one.tool.id, next(iter(one.targets))
    return {"write": f"{layer}: {tool}" if _runs_here(one) else f"{layer}: {{tool: {tool}, target: {target}}}"}


def _fate(tool: Tool) -> dict[str, str]:
    """What became of a tool, who says so, what comes next, where it is had from."""
    told: dict[str, str] = {}
    if status := tool.status:
        told["status"] = f"{status.state}: {status.note}" if status.note else status.state
        told["as of"] = f"{status.as_of}{', unverified' if status.unverified else ''}: {status.source}"
    if tool.successor:
        told["successor"] = ", ".join(tool.successor)
    if tool.get:
        told["get"] = "; ".join(source.replace(":", " ", 1) for source in tool.get)
    return told


def _running(one: CatalogTool, layer: str) -> Row:
    tool = one.tool
    return Row((Ink(_name(tool, layer), "bold"), tool.version or ABSENT, _targets(one)), [Ink(tool.about, "dim")])


def _known(tool: Tool, layer: str) -> Row:
    """A tool that does not run here, and what to take instead."""
    status, instead = tool.status, tool.successor or ((tool.same_as,) if tool.same_as else ())
    state, as_of = (status.state, "unverified" if status.unverified else status.as_of) if status else (ABSENT, ABSENT)
    return Row((_name(tool, layer), state, as_of, f"→ {', '.join(instead)}" if instead else ""))


def _need(name: str, need: Need) -> Row:
    how = f"{'optional' if need.optional else 'required'}{', several' if need.many else ''}"
    return Row((name, " or ".join(need.interface), Ink(how, "dim"), need.about))


def _credential(name: str, one: Credential) -> Row:
    default = f"default {one.default}" if one.default is not None else "optional" if one.optional else "required"
    return Row((name, Ink(default, "dim"), one.about))


def _setting(name: str, setting: Setting) -> Row:
    kind = " | ".join(str(choice) for choice in setting.choices) if setting.choices else setting.type
    if setting.minimum is not None or setting.maximum is not None:
        low = "" if setting.minimum is None else f"{setting.minimum:g}"
        high = "" if setting.maximum is None else f"{setting.maximum:g}"
        kind += f" {low}..{high}"
    default: Cell = ABSENT if setting.default is None else str(setting.default)
    return Row((name, kind, default, setting.about))
