"""Lines of logs, with the component in front where there are several."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from stackwright.views import terminal

COLOURS = ("cyan", "green", "yellow", "bold", "bold cyan", "bold green", "bold yellow")


@dataclass
class Tail:
    """Prints the lines of these components, each name in a colour of its own."""

    components: tuple[str, ...]
    hide: Callable[[str], str]  # takes out what must not be shown

    def line(self, component: str, text: str) -> None:
        """One line of one log."""
        terminal.write(self._lead(component) + terminal.clean(self.hide(text)) + "\n")

    def _lead(self, component: str) -> str:
        if len(self.components) == 1:
            return ""
        lead = component.ljust(max(map(len, self.components)))
        style = COLOURS[self.components.index(component) % len(COLOURS)]
        return f"{terminal.paint(lead, style) if terminal.has_colour(sys.stdout) else lead}  "
