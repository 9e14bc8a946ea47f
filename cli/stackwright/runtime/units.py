"""What is known of each kept process, in a small file its shim replaces: the truth that survives the keeper.

A unit is one process of a component, known as `<component>/<name>`. Its file, `keeper/units/<id>.json`, is on disk
before the process may run and at every change, so status never depends on the keeper being alive.
Standard library only, and no dataclasses: keeper and shims load this.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from stackwright.runtime import process
from stackwright.runtime.files import Path, write_atomic
from stackwright.runtime.process import Identity

UP, RESTARTING, DOWN, FAILED = "up", "restarting", "down", "failed"


class Unit(NamedTuple):
    """One kept process as it is now."""

    id: str  # `<component>/<name>`
    hash: str  # of the spec it was started with
    state: str  # up | restarting | down | failed
    pid: int | None  # of the tool's own process, not of its shim
    start: int | None
    since: float  # in this state, seconds since the epoch
    restarts: int  # by the shim, since the `ensure` that started it
    reason: str  # why it is not up, or was restarted last: "exited with status 1 at 12:00:03 UTC"


class Record(NamedTuple):
    """A unit's file as its shim wrote it; whether it is still true is `now`'s business."""

    id: str
    hash: str
    boot: str
    shim: tuple[int, int]  # (pid, start)
    tool: tuple[int, int] | None
    state: str
    since: float
    restarts: int
    reason: str
    log: str
    signal: str  # the tool's own way to stop, for a keeper that finds it without its shim
    timeout: float
    past: tuple[tuple[int, int], ...]  # tools that ran under this id before: some leave shared memory behind

    @property
    def watchdog(self) -> Identity:
        """The shim's identity."""
        return Identity(self.boot, *self.shim)

    @property
    def main(self) -> Identity | None:
        """The identity of the tool's own process."""
        return Identity(self.boot, *self.tool) if self.tool else None

    def identities(self) -> list[Identity]:
        """Every process this file names."""
        return [Identity(self.boot, *pair) for pair in (self.shim, self.tool, *self.past) if pair]


def remembered(record: Record) -> tuple[tuple[int, int], ...]:
    """The tools that ran under this id until now, the latest of them."""
    tools = record.past if record.tool is None or record.tool in record.past else (*record.past, record.tool)
    return tools[-16:]


def path(keeper_dir: Path, unit: str) -> str:
    """Where the file of a unit is."""
    name = unit.replace("%", "%25").replace("/", "%2F")
    return f"{os.fspath(keeper_dir)}/units/{name}.json"


def write(keeper_dir: Path, record: Record) -> None:
    """Put a unit's state on disk."""
    write_atomic(path(keeper_dir, record.id), json.dumps(record._asdict()).encode())


def read(keeper_dir: Path, unit: str) -> Record | None:
    """A unit's file; None when there is none that makes sense."""
    return _parse(path(keeper_dir, unit))


def records(keeper_dir: Path) -> list[Record]:
    """The files of all units."""
    folder = f"{os.fspath(keeper_dir)}/units"
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    found = (_parse(f"{folder}/{name}") for name in names if name.endswith(".json"))
    return [record for record in found if record]


def read_all(keeper_dir: Path) -> dict[str, Unit]:
    """Every unit of this keeper folder by id, checked against the processes that really run."""
    return {record.id: now(record) for record in records(keeper_dir)}


def now(record: Record) -> Unit:
    """What a record means at this moment: its processes may have died without anybody writing it down."""
    state, reason = record.state, record.reason
    main = record.main
    if main is None or not process.alive(main):
        main = None
        if state in (UP, RESTARTING):
            state, reason = _unrecorded_death(record)
    return Unit(
        record.id,
        record.hash,
        state,
        main.pid if main else None,
        main.start if main else None,
        record.since,
        record.restarts,
        reason,
    )


def _unrecorded_death(record: Record) -> tuple[str, str]:
    if process.alive(record.watchdog):
        return RESTARTING, record.reason
    if record.boot != process.boot_id():
        return DOWN, "the machine was restarted"
    return DOWN, "it and its watchdog were killed"


def _parse(file: str) -> Record | None:
    try:
        with open(file, "rb") as handle:
            data: dict[str, Any] = json.loads(handle.read())
        pairs = {
            "shim": _pair(data["shim"]),
            "tool": _pair(data["tool"]) if data["tool"] else None,
            "past": tuple(_pair(pair) for pair in data["past"]),
        }
        return Record(**{**data, **pairs})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _pair(value: Any) -> tuple[int, int]:
    pid, start = value
    return int(pid), int(start)
