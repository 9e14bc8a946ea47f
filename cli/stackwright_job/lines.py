"""JSON lines with the harness: the protocol owns what were stdin and stdout when the process began."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any


def take() -> tuple[Iterator[dict[str, Any]], Callable[[dict[str, Any]], None]]:
    """(requests, reply): from now on fd 0 is empty and fd 1 is stderr, so that a chatty library breaks nothing.

    When the harness closes its end, or dies, this process ends at once, whatever it is doing.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(incoming, requests), daemon=True).start()

    def reply(message: dict[str, Any]) -> None:
        with os.fdopen(os.dup(outgoing), "w", encoding="utf-8") as stream:
            stream.write(json.dumps(message) + "\n")

    return iter(requests.get, {}), reply


def _read(descriptor: int, requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        for line in stream:
            requests.put(json.loads(line))
    os._exit(0)


def error_of(caught: BaseException) -> dict[str, str]:
    """An exception as the protocol carries it."""
    return {"type": type(caught).__name__, "message": str(caught).strip() or repr(caught)}
