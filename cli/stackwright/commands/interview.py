"""Asks at a terminal what a new manifest is to hold: a blueprint, then layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from stackwright.operations import init as operations
from stackwright.views import init as views
from stackwright.views.page import Page, say, show

NONE = "-"  # what is typed to leave a layer out


def interview(blueprint: str | None) -> tuple[str, dict[str, str], set[str]]:
    """The blueprint, what is picked where it differs from that, and the layers to leave out."""
    blueprint = blueprint or _blueprint()
    ready = operations.asked_layers(blueprint)
    say(
        f"Enter takes the tool in brackets; a number or a name takes another, {NONE} leaves the layer out.\n"
        "Stale: it was proven, and has changed since. Nothing is written before you have seen it; Ctrl-C leaves."
    )
    chosen = {layer: _tool(layer, tool) for layer, tool in ready.items()}
    more = operations.other_layers(ready)
    if more:
        _show(lambda page: views.others(page, more))
    while more and (layer := _asked("Add a layer (Enter: no more)", "", lambda word: word in more, more)):
        more.pop(layer)
        chosen[layer] = _tool(layer, None)
    picks = {layer: tool for layer, tool in chosen.items() if tool not in (NONE, ready.get(layer))}
    return blueprint, picks, {layer for layer, tool in chosen.items() if tool == NONE}


def _blueprint() -> str:
    found = operations.blueprints()
    _show(lambda page: views.blueprints(page, found))
    return _asked("Blueprint", "demo", lambda word: word in found, found)


def _tool(layer: str, usual: str | None) -> str:
    """The tool for a layer, or NONE; without a usual one the layer was asked for, and the first tool is."""
    tools = operations.choices(layer)
    _show(lambda page: views.offered(page, layer, operations.about(layer), tools))
    names = {str(number): one.tool for number, one in enumerate(tools, 1)} | {one.tool: one.tool for one in tools}
    names[NONE] = NONE
    return names[_asked(layer, usual or tools[0].tool, lambda word: word in names, [one.tool for one in tools])]


def _asked(question: str, usual: str, right: Callable[[str], bool], known: Sequence[str] | dict[str, str]) -> str:
    """An answer that is right, or nothing where nothing is usual; what is wrong is asked again."""
    from stackwright.errors import did_you_mean

    all_of_them = f"there are {', '.join(known)}."
    while True:
        word = typer.prompt(question, default=usual, show_default=bool(usual)).strip()
        if right(word) or not word:
            return str(word)
        say(f"`{word}` is none of them: {did_you_mean(word, known, all_of_them)}")


def _show(view: Callable[[Page], None]) -> None:
    def spaced(page: Page) -> None:
        page.lines.append("")  # what was answered before stands above it
        view(page)
        page.blank()

    show(spaced)
