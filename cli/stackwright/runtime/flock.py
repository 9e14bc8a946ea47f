"""Locks that die with their holders."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stackwright.runtime.cancel import check


@contextmanager
def locked(
    path: Path,
    cancel: threading.Event | None = None,
    waiting: Callable[[], None] | None = None,
    wait: bool = True,
) -> Iterator[int]:
    """Hold an exclusive lock and yield its descriptor; `waiting` is told once when somebody else holds it.

    With `wait=False` a lock that is held raises BlockingIOError. A child that inherits the descriptor holds the lock
    too: it is free when the last of them has ended.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        delay = 0.01
        while not _try(descriptor):
            if not wait:
                raise BlockingIOError(f"{path} is held")
            if waiting:
                waiting()
                waiting = None
            if cancel:
                check(cancel)
            time.sleep(delay)
            delay = min(delay * 1.5, 0.25)
        yield descriptor
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
