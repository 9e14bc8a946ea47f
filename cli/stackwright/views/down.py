"""What `down` shows: what was destroyed, what had to be swept, and the proof that nothing is left."""

from __future__ import annotations

from collections.abc import Sequence

from stackwright.model.report import DownResult, Leftover
from stackwright.views.page import Ink, Page, Row, counted, seconds


def down(page: Page, result: DownResult) -> None:
    """The proof last: an empty list, and how many things were looked at."""
    page.line(Ink(f"{result.name}", "bold"), f": {_destroyed(result)}, {seconds(result.seconds)}.")
    if result.swept:
        page.heading("Swept", "what was still there after that, and had to be removed")
        _things(page, result.swept)
    if result.left:
        page.heading("Left", "what is still there")
        _things(page, result.left)
    if result.kept_data:
        page.blank()
        page.line(f"The data is kept, as asked: {result.kept_data}")
    page.blank()
    if result.left:
        page.line(Ink(f"✗ {counted(len(result.left), 'thing')} left", "bold red"), f": {_looked(result)}.")
    else:
        page.line(Ink("✓ nothing left", "green"), f": {_looked(result)}.")


def _destroyed(result: DownResult) -> str:
    if not result.destroyed:
        return "there was nothing to destroy"
    return f"{counted(len(result.destroyed), 'component')} destroyed ({', '.join(result.destroyed)})"


def _looked(result: DownResult) -> str:
    if not result.looked_at:
        return "nothing was looked at"
    parts = [f"{number:,} {kind}" for kind, number in result.looked_at.items()]
    return f"looked at {', '.join(parts)}"


def _things(page: Page, things: Sequence[Leftover]) -> None:
    rows = []
    for thing in things:
        below = [Ink(thing.hint, "bold")] if thing.hint else []
        rows.append(Row((Ink(thing.kind, "dim"), thing.what, thing.detail), below))
    page.table(("", "", ""), rows)
