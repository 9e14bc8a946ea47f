"""Progress while something long runs: a live board on a terminal, plain lines with times everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from stackwright.model.report import Event
from stackwright.views import terminal
from stackwright.views.page import MARKS, Ink, Page, seconds, without_hash

if TYPE_CHECKING:
    from rich.live import Live

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FINAL = MARKS | {"ready": MARKS["passed"], "gone": MARKS["passed"]}
FOLDED = ("environments", "wires")  # many small things of one kind share a line and are counted


@dataclass
class Line:
    """One component on the board, or one kind of small things."""

    began: float
    phase: str = ""
    text: str = ""
    ended: float | None = None
    things: dict[str, str] = field(default_factory=dict)  # of a folded line: name -> phase

    def take(self, event: Event, now: float) -> None:
        """A component's own event."""
        self.phase, self.text = event.phase, event.text
        self.ended = now if event.phase in FINAL else None

    def fold(self, name: str, event: Event, now: float) -> None:
        """One of many: what is under way is named, what is done is counted."""
        self.things[name] = event.phase
        busy = {name: phase for name, phase in self.things.items() if phase not in FINAL}
        self.phase = next(iter(busy.values()), "failed" if "failed" in self.things.values() else event.phase)
        self.text = f"{len(self.things) - len(busy)} of {len(self.things)}" + (f": {', '.join(busy)}" if busy else "")
        self.ended = None if busy else now


class Board:
    """What is known so far; events come from several threads."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.whole = ""
        self.over = False  # the last picture has no spinners any more
        self._wires: set[str] = set()
        self._lock = Lock()

    def take(self, event: Event, now: float) -> None:
        """Note an event."""
        with self._lock:
            name = self._line_of(event)
            if not name:
                self.whole = f"{event.phase} {event.text}".strip()
                return
            self.whole = ""  # what was said of all of them came before this
            line = self.lines.setdefault(name, Line(now))
            if name in FOLDED:
                line.fold(without_hash(event.component), event, now)
            else:
                line.take(event, now)

    def text(self, now: float, width: int, colour: bool) -> str:
        """The board as it stands."""
        page = Page(colour=colour)
        with self._lock:
            longest = max((len(name) for name in self.lines), default=0)
            for name, line in self.lines.items():
                mark, style = FINAL.get(line.phase, ("·" if self.over else _spin(now), "cyan"))
                lead = f"{name.ljust(longest)}  {line.phase:<10} "
                took = f"{seconds((line.ended if line.ended is not None else now) - line.began):>7}"
                room = width - len(lead) - len(took) - 4
                text = _cut(line.text, room).ljust(max(room, 0))
                page.line(Ink(f"{mark} ", style), lead, Ink(text, "dim"), f" {took}")
            if self.whole and not self.over:
                page.line(Ink(f"{_spin(now)} ", "cyan"), Ink(_cut(self.whole, width - 3), "dim"))
        return page.text()

    def _line_of(self, event: Event) -> str:
        if event.component != without_hash(event.component):
            return "environments"
        if event.phase == "granting":
            self._wires.add(event.component)
        return "wires" if event.component in self._wires else event.component


class Reporter:
    """Takes events. `pause` ends what is shown, so that something else can be printed; the next event goes on."""

    def __call__(self, event: Event) -> None:
        """Show one event; this one, for `--quiet`, shows nothing."""

    def pause(self) -> None:
        """Let go of the terminal."""


class PlainReporter(Reporter):
    """A line an event, for pipes, files and CI."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Print it, without control characters."""
        took, name = time.monotonic() - self.began, without_hash(event.component)
        parts = (f"{took:7.1f} s", f"{name:<24}" if name else "", f"{event.phase:<10}", event.text)
        line = terminal.clean("  ".join(part for part in parts if part)).replace("\n", " ").rstrip()
        terminal.write(line + "\n", sys.stderr)


class LiveReporter(Reporter):
    """A board that is painted over, for terminals."""

    def __init__(self) -> None:
        self.board: Board | None = None
        self._live: Live | None = None
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Note it; the board shows it with the next repaint."""
        with self._lock:
            board = self.board or self._open()
        board.take(event, time.monotonic())

    def pause(self) -> None:
        """Leave the board as it ended on the screen."""
        with self._lock:
            live, board, self._live, self.board = self._live, self.board, None, None
        if live and board:
            board.over = True
            live.stop()

    def _open(self) -> Board:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        board = self.board = Board()
        colour = terminal.has_colour(sys.stderr)
        console = Console(stderr=True, markup=False, highlight=False, emoji=False, no_color=not colour)

        def picture() -> Text:
            width = max(40, min(120, console.width))
            painted = board.text(time.monotonic(), width, colour)
            return Text.from_ansi(painted, no_wrap=True, overflow="crop")

        self._live = Live(get_renderable=picture, console=console, refresh_per_second=8, redirect_stdout=False)
        self._live.start()
        return board


@contextmanager
def progress(quiet: bool = False) -> Iterator[Reporter]:
    """What operations tell their events to, shown on stderr while the block runs."""
    reporter = Reporter() if quiet else LiveReporter() if terminal.is_terminal(sys.stderr) else PlainReporter()
    try:
        yield reporter
    finally:
        reporter.pause()


def _spin(now: float) -> str:
    return SPINNER[int(now * 8) % len(SPINNER)]


def _cut(text: str, room: int) -> str:
    text = terminal.clean(" ".join(text.split()))
    return text if len(text) <= room else text[: max(room - 1, 0)] + "…" if room > 0 else ""
