"""A page of text: headings, paragraphs and tables laid out for one width, with or without colours.

Our own few lines rather than a library's tables, because `list` and `status` answer faster than one is imported.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TextIO

from stackwright.views import terminal

GAP = 2
ABSENT = "–"  # noqa: RUF001 (an en dash: there is nothing here)
MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": (ABSENT, "dim")}
NARROWEST = 6  # no column gets narrower than this


class Ink(NamedTuple):
    """A text and its style."""

    text: str
    style: str = ""


Cell = str | Ink


class Row(NamedTuple):
    """The cells of one line of a table, and texts that belong below it, indented."""

    cells: Sequence[Cell]
    below: Sequence[Cell] = ()


def inked(cell: Cell) -> Ink:
    """The cell as ink, free of control characters."""
    ink = cell if isinstance(cell, Ink) else Ink(cell)
    return Ink(terminal.clean(ink.text), ink.style)


def wrap(text: str, width: int) -> list[str]:
    """The lines of a text no wider than that; lines that begin with a blank are kept as they are."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        verbatim = len(line) <= width or line[:1].isspace()
        lines += [line] if verbatim else textwrap.wrap(line, max(width, NARROWEST), break_on_hyphens=False)
    return lines


class Page:
    """What a view writes to; as wide as it gets, for pipes and files, or of some width."""

    def __init__(self, width: int = sys.maxsize, colour: bool = False) -> None:
        self.width = width
        self.colour = colour
        self.lines: list[str] = []

    def line(self, *cells: Cell, indent: int = 0) -> None:
        """One line of several inks, wrapped where it is too long."""
        inks = [inked(cell) for cell in cells]
        plain = "".join(ink.text for ink in inks)
        if indent + len(plain) > self.width:
            style = inks[0].style if len(inks) == 1 else ""
            self.paragraph(Ink(plain, style), indent=indent)
        else:
            self._add(indent, "".join(self._paint(ink) for ink in inks))

    def paragraph(self, cell: Cell, indent: int = 0) -> None:
        """Sentences, wrapped."""
        ink = inked(cell)
        for line in wrap(ink.text, self.width - indent):
            self._add(indent, self._paint(Ink(line, ink.style)))

    def heading(self, title: str, note: str = "") -> None:
        """A title in bold with a quiet note behind it, after a blank line unless it comes first."""
        self.blank()
        self.line(Ink(title, "bold"), Ink(f"  {note}" if note else "", "dim"))

    def blank(self) -> None:
        """One blank line, never two, and none at the top."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def table(self, rows: Sequence[Row], head: Sequence[str] = (), indent: int = 2, spill: int = 0) -> None:
        """Aligned columns. Where they do not fit, the last `spill` ones go below, whole; then the widest cells wrap."""
        named = [Ink(title, "dim") for title in head]
        inks = [[inked(cell) for cell in row.cells] for row in rows]
        below = [list(row.below) for row in rows]
        room = self.width - indent
        widths = _natural([named, *inks] if head else inks)
        if spill and _total(widths) > room:
            below = [[*_spilt(cells[-spill:]), *lines] for cells, lines in zip(inks, below, strict=True)]
            named, inks = named[:-spill], [cells[:-spill] for cells in inks]
            widths = widths[:-spill]
        widths = _fitted(widths, room)
        if any(ink.text for ink in named):
            self._cells(named, widths, indent)
        for cells, lines in zip(inks, below, strict=True):
            self._cells(cells, widths, indent)
            for line in lines:
                self.paragraph(line, indent=indent + 2)

    def listing(self, told: Mapping[str, str]) -> None:
        """Names or commands, each with a quiet word about it."""
        self.table([Row((name, Ink(about, "dim"))) for name, about in told.items()])

    def text(self) -> str:
        """The page as one string."""
        return "".join(f"{line}\n" for line in self.lines)

    def _cells(self, cells: Sequence[Ink], widths: Sequence[int], indent: int) -> None:
        columns = [
            (ink, width, [ink.text] if len(ink.text) <= width else _fold(ink.text, width))
            for ink, width in zip(cells, widths, strict=True)
            if width
        ]
        for number in range(max((len(folded) for _, _, folded in columns), default=0)):
            parts = []
            for ink, width, folded in columns:
                piece = folded[number] if number < len(folded) else ""
                parts.append(self._paint(Ink(piece, ink.style)) + " " * (width - len(piece)))
            self._add(indent, (" " * GAP).join(parts))

    def _paint(self, ink: Ink) -> str:
        return terminal.paint(ink.text, ink.style) if self.colour else ink.text

    def _add(self, indent: int, line: str) -> None:
        self.lines.append((" " * indent + line).rstrip())


def _natural(rows: Sequence[Sequence[Ink]]) -> list[int]:
    return [max((len(ink.text) for ink in column), default=0) for column in zip(*rows, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (sum(1 for width in widths if width) - 1)


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    fitted = list(widths)
    while _total(fitted) > room and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _spilt(cells: Sequence[Ink]) -> list[Ink]:
    text = ", ".join(ink.text for ink in cells if ink.text and ink.text != ABSENT)
    return [Ink(text, cells[0].style)] if text else []


def _fold(text: str, width: int) -> list[str]:
    """Lines no wider than that, broken where a name or an address has a joint, if there is one."""
    joints = re.findall(r"[^\s./:-]*[./:-]|[^\s./:-]+|\s+", text)
    lines = [""]
    for piece in (part[at : at + width] for part in joints for at in range(0, len(part), width)):
        if len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines]


def show(view: Callable[[Page], None], stream: TextIO | None = None) -> None:
    """Print what a view writes, as wide and colourful as the stream shows it."""
    stream = stream or sys.stdout
    page = Page(terminal.width(stream) or sys.maxsize, terminal.has_colour(stream))
    view(page)
    terminal.write(page.text(), stream)


def say(text: str) -> None:
    """A remark to a person, on stderr: what was written, how to leave."""
    show(lambda page: page.paragraph(text), sys.stderr)


def stopped(text: str) -> None:
    """The last line after Ctrl-C; on a terminal it begins below the `^C`."""
    if terminal.is_terminal(sys.stderr):
        terminal.write("\n", sys.stderr)
    say(text)


def without_hash(name: str) -> str:
    """An environment's key as people know it: without the sixteen digits of what it is made of."""
    return re.sub(r"-[0-9a-f]{16}$", "", name)


def seconds(value: float) -> str:
    """A duration for people: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`."""
    for limit, unit, name in ((9.95, 1, "s"), (120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if value < limit:
            return f"{value:.1f} {name}" if limit < 10 else f"{value / unit:.0f} {name}"
    return f"{value / 86400:.0f} d"


def counted(number: int, noun: str) -> str:
    """`1 component`, `9 components`."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + ("es" if noun.endswith("s") else "s")
    return f"{number} {noun if number == 1 else plural}"
