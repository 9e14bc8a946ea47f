"""What `doctor` shows: what is there, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence

from stackwright.model.report import DoctorCheck
from stackwright.views.page import Ink, Page, Row, counted

MARKS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "missing": ("✗", "bold red")}


def doctor(page: Page, checks: Sequence[DoctorCheck]) -> None:
    """One line a thing, with a hint below what is not fine."""
    rows = []
    for check in checks:
        mark, style = MARKS[check.state]
        below = [Ink(line, "" if line.startswith(" ") else "cyan") for line in check.hint.splitlines()]
        rows.append(Row((Ink(mark, style), check.name, check.detail), below if check.state != "fine" else ()))
    page.table(rows, indent=0)
    page.blank()
    missing = sum(check.state == "missing" for check in checks)
    if missing:
        page.line(Ink(f"{counted(missing, 'thing')} missing", "bold red"), ": see the hints above.")
    else:
        page.line("This machine can run stacks.")
