"""What `down` shows: what was destroyed, what had to be swept, and the proof that nothing is left."""

from __future__ import annotations

from stackwright.model.report import DownResult, Leftover
from stackwright.views.page import Ink, Page, Row, counted, seconds


def down(page: Page, result: DownResult) -> None:
    """The proof last: an empty list, and how many things were looked at."""
    if not result.id:
        page.line(Ink(result.name, "bold"), " is not up: there is nothing to remove.")
        return
    page.line(Ink(result.name, "bold"), f": {_destroyed(result)}, {seconds(result.seconds)}.")
    if result.cluster:
        page.line(f"The cluster that came with it is gone, too: {result.cluster}.")
    if result.swept:
        page.heading("Swept", "what was still there after that, and had to be removed")
        page.table([_thing(one) for one in result.swept])
    if result.left:
        page.heading("Left", "what is still there")
        page.table([_thing(one) for one in result.left])
    if result.kept_data:
        page.blank()
        page.line(f"The data is kept, as asked: {result.kept_data}")
    page.blank()
    looked = ", ".join(f"{number:,} {kind}" for kind, number in result.looked_at.items())
    if result.left:
        verdict = Ink(f"✗ {counted(len(result.left), 'thing')} left", "bold red")
    else:
        verdict = Ink("✓ nothing left", "green")
    page.line(verdict, f": looked at {looked}.")


def _destroyed(result: DownResult) -> str:
    if not result.destroyed:
        return "there was nothing to destroy"
    return f"{counted(len(result.destroyed), 'component')} destroyed ({', '.join(result.destroyed)})"


def _thing(thing: Leftover) -> Row:
    below = [Ink(thing.hint, "bold")] if thing.hint else []
    return Row((Ink(thing.kind, "dim"), thing.what, thing.detail), below)
