"""What the keeper looks at every two seconds: new descendants, shared memory they made, logs that grew too long.

What is seen is journalled, so that the sweep can attribute it after keeper, shims and parents are all dead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from stackwright.runtime import process
from stackwright.runtime.journal import Journal, identities
from stackwright.runtime.process import Identity, Proc

LOG_LIMIT = 20 << 20


class Observer:
    """Remembers which processes and shared memory files were seen under which unit."""

    def __init__(self, journal: Journal, seen: Mapping[Identity, str]) -> None:
        self._journal = journal
        self._seen = dict(seen)
        self._memory: dict[tuple[str, int], int] = {}  # file -> how often we asked whose it is

    def look(self, roots: Mapping[int, str]) -> None:
        """Journal what is new below the given pids (each with its unit)."""
        ours: dict[Identity, tuple[Proc, str]] = {}
        for pid, unit in roots.items():
            for proc in process.descendants(pid):
                ours[proc.identity] = proc, self._seen.get(proc.identity) or unit
        for who, (proc, unit) in ours.items():
            if who not in self._seen:
                self._seen[who] = unit
                self._write(unit, who, comm=proc.name)
        self._seen = {who: unit for who, unit in self._seen.items() if who in ours or process.alive(who)}
        self._journal.compact(self._matters)
        self._look_at_memory({who: unit for who, (_, unit) in ours.items()})

    def members(self, unit: str) -> list[Identity]:
        """The living processes that were seen under a unit."""
        return [who for who, owner in self._seen.items() if owner == unit and process.alive(who)]

    def _matters(self, entry: dict[str, Any]) -> bool:
        """Of what was seen, only the living and shared memory: a tool that forks for ever must not fill the disk."""
        if entry["op"] != "seen" or "memory" in entry:
            return True
        return any(process.alive(who) for who in identities([entry]))

    def _look_at_memory(self, ours: Mapping[Identity, str]) -> None:
        """Whoever maps a new file in /dev/shm owns it; asked twice, then it is somebody else's."""
        there = process.shared_files()
        self._memory = {file: asked for file, asked in self._memory.items() if file in there}
        new = {file for file in there if self._memory.get(file, 0) < 2}
        if not new:
            return
        for who, unit in ours.items():
            for name in process.shared_memory(who.pid):
                for file in [file for file in new if file[0] == name]:
                    self._memory[file] = 2
                    new.discard(file)
                    self._write(unit, who, memory=list(file))
        for file in new:
            self._memory[file] = self._memory.get(file, 0) + 1

    def _write(self, unit: str, who: Identity, **more: object) -> None:
        """Not synced: nothing depends on it but a sweep after a crash, and it may be many lines."""
        component = unit.partition("/")[0]
        self._journal.write(
            "seen", "process", component, unit, sync=False, boot=who.boot, pid=who.pid, start=who.start, **more
        )


def rotate(log: str) -> None:
    """Copy a log that has grown too long to `<log>.1` and empty it; its writers append, so they go on undisturbed."""
    try:
        source = os.open(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if os.fstat(source).st_size > LOG_LIMIT:
            old = f"{log}.1"
            if os.path.lexists(old):
                os.unlink(old)
            target = os.open(old, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with open(target, "wb") as copy:
                while data := os.read(source, 1 << 20):
                    copy.write(data)
            os.ftruncate(source, 0)
    except OSError:
        pass  # a full disk must not take the keeper down
    finally:
        os.close(source)
