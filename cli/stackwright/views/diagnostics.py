"""Mistakes as people read them: what kind, where, this case, and what to type instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from stackwright.errors import Diagnostic, Where
from stackwright.views.page import Ink, Page, inked, wrap
from stackwright.views.page import show as show_page

LONGEST_SOURCE = 1_000_000  # a larger file is not a manifest, and is not read for the sake of one line


def show(found: Iterable[Diagnostic]) -> None:
    """Print them where talk goes, to stderr: one block a diagnostic, with a blank line between them."""

    def view(page: Page) -> None:
        for diagnostic in found:
            page.blank()
            _one(page, diagnostic)

    show_page(view, sys.stderr)


def _one(page: Page, diagnostic: Diagnostic) -> None:
    style = "bold yellow" if diagnostic.severity == "warning" else "bold red"
    summary = " ".join(diagnostic.summary.split())
    page.line(Ink(f"{diagnostic.severity}[{diagnostic.code}]", style), ": ", Ink(summary, "bold"))
    if diagnostic.where:
        _place(page, diagnostic.where)
    if diagnostic.detail:
        page.paragraph(diagnostic.detail, indent=2)
    for number, line in enumerate(diagnostic.hint.splitlines()):
        if line[:1].isspace():
            page.line(Ink(f"    {line.strip()}", "bold"))
        else:
            _hint(page, line, "hint: " if number == 0 else "  ")


def _hint(page: Page, line: str, lead: str) -> None:
    for part in wrap(inked(line).text, page.width - len(lead)):
        page.line(Ink(lead, "cyan"), Ink(part))
        lead = " " * len(lead)


def _place(page: Page, where: Where) -> None:
    """file:line:column, and the line itself with the word underlined where the file can still be read."""
    page.line(Ink(f"  {replace(where, file=_from_here(where.file))}", "cyan"))
    source = _source(where)
    if source is None:
        return
    lead = f"{where.line:>5} | "
    room = min(page.width, 10_000) - len(lead)
    text = source.replace("\t", " ")
    if where.column > room - 8:
        return
    length = len(re.match(r"[\w./@-]*", text[where.column - 1 :])[0]) or 1  # type: ignore[index]
    page.line(Ink(lead, "dim"), Ink(text if len(text) <= room else text[: room - 1] + "…"))
    marks = "^" * min(length, room - where.column + 1)
    page.line(Ink(f"{'':>5} | ", "dim"), Ink(" " * (where.column - 1)), Ink(marks, "bold red"))


def _from_here(file: str) -> str:
    """A file below the folder that we are in, as one would type it here."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (OSError, ValueError):  # it lies elsewhere, or our own folder is gone
        return file


def _source(where: Where) -> str | None:
    try:
        file = Path(where.file)
        if not file.is_file() or file.stat().st_size > LONGEST_SOURCE:
            return None
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    inside = 0 < where.line <= len(lines) and 0 < where.column <= len(lines[where.line - 1]) + 1
    # A control character would shift the caret; the place alone is enough then.
    return lines[where.line - 1] if inside and lines[where.line - 1].replace("\t", " ").isprintable() else None
