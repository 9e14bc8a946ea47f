"""`stack logs`: what the components wrote."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackwright.commands.options import LongFileOption, StackOption, find_target
from stackwright.errors import Exit

if TYPE_CHECKING:
    from stackwright.operations.places import Log
    from stackwright.views.logs import Tail

PAUSE = 0.2  # seconds between two looks at files that are followed
PIECE = 1 << 20  # bytes read at once


def run(
    component: Annotated[
        str | None, typer.Argument(metavar="[COMPONENT]", help="One component; without it, all of them.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, metavar="N", help="How many last lines of each to show.")
    ] = 20,
    stack: StackOption = None,
    file: LongFileOption = None,
) -> Exit:
    """Show what the components wrote.

    Shows the last lines of one component's log, or of all with the component's name in front, and with -f goes on
    with whatever is written until Ctrl-C. The logs go with the stack.

    Example:
        stack logs database
        stack logs -f
        stack logs serving -n 100 --stack churn
    """
    from stackwright.operations import status as operations
    from stackwright.views.logs import Tail
    from stackwright.views.page import say

    target = find_target(file, stack)
    logs = operations.logs(target, component)
    tail = Tail(tuple(logs), operations.hidden(target))
    followed = {name: Followed(log) if isinstance(log, Path) else log for name, log in logs.items()}
    last = [(name, line) for name, log in followed.items() for line in log.last(lines)]
    for name, line in last:
        tail.line(name, line)
    if lines and not last:
        say("Nothing was written yet.")
    if follow:
        _follow(followed, tail)
    return Exit.FINE


def _follow(followed: Mapping[str, Log], tail: Tail) -> None:
    """Until Ctrl-C, which is how one leaves and therefore no failure."""
    try:
        while True:
            for name, log in followed.items():
                for line in log.fresh():
                    tail.line(name, line)
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        return


@dataclass
class Followed:
    """A growing file, read on from where we were; rotated or cut off, it is read from its new beginning."""

    path: Path
    inode: int = 0
    position: int = 0
    rest: bytes = field(default=b"")  # a line that has no end yet

    def last(self, count: int) -> list[str]:
        """Its last lines; what follows them is `fresh`."""
        try:
            with self.path.open("rb") as file:
                lines = deque(file, maxlen=count)
                self.position, self.inode = file.tell(), os.fstat(file.fileno()).st_ino
        except OSError:
            return []  # nothing was written yet
        return [_decoded(line) for line in lines]

    def fresh(self) -> list[str]:
        """The lines written since the last look."""
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino != self.inode or state.st_size < self.position:
                    self.inode, self.position, self.rest = state.st_ino, 0, b""
                file.seek(self.position)
                piece = file.read(PIECE)
                self.position = file.tell()
        except OSError:
            return []
        *whole, self.rest = (self.rest + piece).split(b"\n")
        return [_decoded(line) for line in whole]


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")
