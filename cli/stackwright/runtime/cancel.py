"""How long work is asked to stop: one event, looked at wherever there is waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stackwright.errors import Diagnostic, Exit, StackError


def check(cancel: threading.Event) -> None:
    """Raise where somebody asked to stop; what is half done is taken up by the next `up`, or removed by `down`."""
    if cancel.is_set():
        raise Cancelled


class Cancelled(StackError):  # noqa: N818 (nothing has gone wrong)
    """The work was asked to stop."""

    def __init__(self) -> None:
        stopped = Diagnostic(
            code="P100",
            summary="stopped before it was done",
            detail="The work was interrupted. What had been started is kept for the next `up`.",
            hint="go on with\n    stack up\nor remove everything with\n    stack down",
        )
        super().__init__(stopped, Exit.INTERRUPTED)


@contextmanager
def slot(slots: threading.Semaphore, cancel: threading.Event, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold one of a few slots; `waiting` is told once where none is free, and the wait can be cancelled."""
    if not slots.acquire(blocking=False):
        waiting()
        while not slots.acquire(timeout=0.2):
            check(cancel)
    try:
        yield
    finally:
        slots.release()
