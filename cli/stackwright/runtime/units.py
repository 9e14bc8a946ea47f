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
_REMEMBERED = 16


class Unit(NamedTuple):
    """One kept process as its shim wrote it down; what that means at this moment is `now`'s business."""

    id: str  # `<component>/<name>`
    hash: str  # of the spec it was started with
    shim: Identity
    tool: Identity | None  # its own process
    state: str  # up | restarting | down | failed
    since: float  # in this state, seconds since the epoch
    restarts: int  # by the shim, since the `ensure` that started it
    reason: str  # why it is not up, or was restarted last: "exited with status 1 at 12:00:03 UTC"
    log: str
    signal: str  # the tool's own way to stop, for a keeper that finds it without its shim
    timeout: float
    past: tuple[Identity, ...]  # tools that ran under this id before: some leave shared memory behind

    @property
    def pid(self) -> int | None:
        """Of the tool's own process."""
        return self.tool.pid if self.tool else None

    def identities(self) -> list[Identity]:
        """Every process this file names."""
        return [who for who in (self.shim, self.tool, *self.past) if who]

    def bygone(self) -> Unit:
        """The same without a tool: the one there was is past."""
        past = self.past if self.tool is None else (*self.past, self.tool)
        return self._replace(tool=None, past=past[-_REMEMBERED:])


class Seen(NamedTuple):
    """A process that somebody else keeps, as far as a unit tells people of it."""

    id: str
    hash: str
    state: str
    since: float
    restarts: int
    reason: str
    pid: int | None = None  # on this machine


def path(keeper_dir: Path, unit: str) -> str:
    """Where the file of a unit is."""
    name = unit.replace("%", "%25").replace("/", "%2F")
    return f"{os.fspath(keeper_dir)}/units/{name}.json"


def write(keeper_dir: Path, unit: Unit) -> None:
    """Put a unit's state on disk."""
    write_atomic(path(keeper_dir, unit.id), json.dumps(unit._asdict()).encode())


def read(keeper_dir: Path, unit: str) -> Unit | None:
    """A unit's file; None when there is none that makes sense."""
    return _parse(path(keeper_dir, unit))


def records(keeper_dir: Path) -> list[Unit]:
    """The files of all units."""
    folder = f"{os.fspath(keeper_dir)}/units"
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    found = (_parse(f"{folder}/{name}") for name in names if name.endswith(".json"))
    return [unit for unit in found if unit]


def read_all(keeper_dir: Path) -> dict[str, Unit]:
    """Every unit of this keeper folder by id, checked against the processes that really run."""
    return {unit.id: now(unit) for unit in records(keeper_dir)}


def now(unit: Unit) -> Unit:
    """A unit as it is at this moment: its processes may have died without anybody writing it down."""
    if unit.tool and process.alive(unit.tool):
        return unit
    state, reason = unit.state, unit.reason
    if state in (UP, RESTARTING):
        state, reason = _unrecorded_death(unit)
    return unit._replace(tool=None, state=state, reason=reason)


def _unrecorded_death(unit: Unit) -> tuple[str, str]:
    if process.alive(unit.shim):
        return RESTARTING, unit.reason
    if unit.shim.boot != process.boot_id():
        return DOWN, "the machine was restarted"
    return DOWN, "it and its watchdog were killed"


def _parse(file: str) -> Unit | None:
    try:
        with open(file, "rb") as handle:
            data: dict[str, Any] = json.loads(handle.read())
        shim, tool, past = data["shim"], data["tool"], data["past"]
        who = {"shim": Identity(*shim), "tool": Identity(*tool) if tool else None}
        return Unit(**{**data, **who, "past": tuple(Identity(*one) for one in past)})
    except (OSError, ValueError, TypeError, KeyError):
        return None
