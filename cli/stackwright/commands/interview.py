"""Asks at a terminal what a new manifest is to hold: a blueprint, then layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from stackwright.operations import init as operations
from stackwright.views import init as views
from stackwright.views.page import Page, page, show
from stackwright.views.talk import say

NONE = "-"  # what is typed to leave a layer out


class Interview:
    """The answers: `blueprint`, `picks` where they differ from it, and layers to leave out."""

    def __init__(self, blueprint: str | None) -> None:
        self.blueprint = blueprint or self._blueprint()
        self.picks: dict[str, str] = {}
        self.without: set[str] = set()

    def run(self) -> Interview:
        """Ask about every layer of the blueprint, then for more."""
        ready = operations.asked_layers(self.blueprint)
        say(
            f"Enter takes the tool in brackets; a number or a name takes another, {NONE} leaves the layer out.\n"
            "Stale: it was proven, and has changed since. Nothing is written before you have seen it; Ctrl-C leaves."
        )
        for layer, tool in ready.items():
            self._layer(layer, tool)
        more = operations.other_layers(ready)
        if more:
            _show(lambda page: views.others(page, more))
        while more and (layer := _asked("Add a layer (Enter: no more)", "", lambda word: word in more, more)):
            more.pop(layer)
            self._layer(layer, NONE)
        return self

    def _blueprint(self) -> str:
        found = operations.blueprints()
        _show(lambda page: views.blueprints(page, found))
        return _asked("Blueprint", "demo", lambda word: word in found, found)

    def _layer(self, layer: str, usual: str) -> None:
        tools = operations.choices(layer)
        _show(lambda page: views.offered(page, layer, operations.about(layer), tools))
        names = {str(number): one.tool for number, one in enumerate(tools, 1)} | {one.tool: one.tool for one in tools}
        names[NONE] = NONE
        ready = tools[0].tool if usual == NONE else usual  # a layer that was asked for is wanted
        chosen = names[_asked(layer, ready, lambda word: word in names, [one.tool for one in tools])]
        if chosen == NONE:
            self.without.add(layer)
        elif chosen != usual:
            self.picks[layer] = chosen


def _asked(question: str, usual: str, right: Callable[[str], bool], known: Sequence[str] | dict[str, str]) -> str:
    """An answer that is right, or nothing where nothing is usual; what is wrong is asked again."""
    from stackwright.errors import nearest

    while True:
        word = typer.prompt(question, default=usual, show_default=bool(usual)).strip()
        if right(word) or not word:
            return str(word)
        near = nearest(word, known)
        say(f"`{word}` is none of them: " + (f"did you mean `{near}`?" if near else f"there are {', '.join(known)}."))


def _show(view: Callable[[Page], None]) -> None:
    shown = page()
    shown.lines.append("")  # what was answered before stands above it
    view(shown)
    shown.blank()
    show(shown)
