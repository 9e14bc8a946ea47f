"""Single lines to a person, on stderr: what was written, what was interrupted, how to leave."""

from __future__ import annotations

import sys

from stackwright.views import terminal
from stackwright.views.page import Ink, page, show


def say(text: str, style: str = "") -> None:
    """One remark, wrapped for people."""
    written = page(sys.stderr)
    for line in text.splitlines():
        written.paragraph(Ink(line, style))
    show(written, sys.stderr)


def stopped(text: str) -> None:
    """The last line after Ctrl-C; on a terminal it begins below the `^C`."""
    if terminal.is_terminal(sys.stderr):
        terminal.write("\n", sys.stderr)
    say(text)
