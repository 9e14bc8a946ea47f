"""What was done, on disk before it is done: one JSON line an act, one writer a file.

`op` is intent | spawned | seen | ready | exit | stopped | done; `kind` is environment | process | prepare | grant |
worker | terraform | network | image | volume | container | namespace | delivery | secret | workload | stack. A torn
last line (the writer was killed) is tolerated.

A seam for the fault tests: with STACK_TEST_KILL_AT=n in the environment, this process kills itself with SIGKILL right
after its n-th act (what is only `seen` is none), which is how the tests stop `up` and `down` at every step; the keeper
reads STACK_TEST_KEEPER_KILL_AT.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any

from stackwright.runtime import process
from stackwright.runtime.files import Path, write_atomic

KILL_AT = "STACK_TEST_KILL_AT"
KEEPER_KILL_AT = "STACK_TEST_KEEPER_KILL_AT"

_writes = 0  # of this process, all journals together; what is only seen does not count


class Journal:
    """The one writer of a journal file; safe to share between threads."""

    def __init__(self, path: Path, seam: str = KILL_AT) -> None:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        self._path = path
        self._fd = _open(path)
        self._kill_at = int(os.environ.get(seam, "0"))
        self._lock = threading.Lock()
        self._seq = 0
        for line in read(path):
            self._seq = max(self._seq, int(line.get("seq", 0)))
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            os.write(self._fd, b"\n")  # a torn line must not swallow the next one

    def write(self, op: str, kind: str, component: str, id: str = "", *, sync: bool = True, **fields: Any) -> None:
        """Append one act and have it on disk before returning."""
        global _writes  # noqa: PLW0603
        with self._lock:
            self._seq += 1
            entry = {"v": 1, "seq": self._seq, "op": op, "kind": kind, "component": component, "id": id, **fields}
            os.write(self._fd, _line(entry))
            if sync:
                _sync(self._fd)
                _writes += 1
                if _writes == self._kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

    def spawned(self, kind: str, component: str, id: str, pid: int, **fields: Any) -> None:
        """Record a process with its whole identity (boot id, pid, start time)."""
        me = process.identify(pid)
        if me is not None:
            self.write("spawned", kind, component, id, boot=me.boot, pid=me.pid, start=me.start, **fields)

    def compact(self, keep: Callable[[dict[str, Any]], bool], limit: int = 1 << 20) -> None:
        """Leave out what `keep` refuses, once the file is longer than `limit`; the old file stays whole until then."""
        with self._lock:
            if os.fstat(self._fd).st_size > limit:
                kept = [entry for entry in read(self._path) if keep(entry)]
                write_atomic(self._path, b"".join(_line(entry) for entry in kept))
                os.close(self._fd)
                self._fd = _open(self._path)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _sync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)  # macOS has no fdatasync


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a journal; none when there is no such file."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            entry = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


def identities(entries: list[dict[str, Any]]) -> dict[process.Identity, Mapping[str, Any]]:
    """The processes a journal names, each with the entry that named it last."""
    return {
        process.Identity(e["boot"], e["pid"], e["start"]): e
        for e in entries
        if isinstance(e.get("boot"), str) and isinstance(e.get("pid"), int) and isinstance(e.get("start"), int)
    }
