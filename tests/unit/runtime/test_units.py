"""What a unit's file means once its writers may be dead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stackwright.runtime import process, units
from stackwright.runtime.process import Identity
from stackwright.runtime.units import Unit


def record(**changes: object) -> Unit:
    me = process.myself()
    whole = Unit(
        id="db/main",
        hash="1",
        shim=me,
        tool=me,
        state="up",
        since=1.0,
        restarts=0,
        reason="",
        log="/log",
        signal="TERM",
        timeout=1.0,
        past=(Identity(me.boot, 7, 8),),
    )
    return whole._replace(**changes)


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    """Written and read it is the same, whatever is in the id."""
    (tmp_path / "units").mkdir()
    for unit in ("db/main", "labeling.store/worker.0", "database:redis/main", "a%2Fb/main", "../x/main"):
        units.write(tmp_path, record(id=unit))
        assert units.read(tmp_path, unit) == record(id=unit)
    assert len(units.records(tmp_path)) == 5
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "units"}


def test_a_damaged_file_is_no_unit(tmp_path: Path) -> None:
    """Truncated at any byte, or of another shape, it is not there; its neighbours are."""
    (tmp_path / "units").mkdir()
    units.write(tmp_path, record())
    file = Path(units.path(tmp_path, "db/main"))
    whole = file.read_bytes()
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        assert units.records(tmp_path) == []
    for other in (b"[]", b"{}", b"3", whole.replace(b'"shim": [', b'"shim": [1, ')):
        file.write_bytes(other)
        assert units.records(tmp_path) == []
    assert units.read_all(tmp_path / "nowhere") == {}


DEAD = Identity(process.boot_id(), os.getpid(), 1)
EARLIER = Identity("earlier", os.getpid(), 1)


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, "up", ""),
        ({"shim": DEAD}, "up", ""),
        ({"tool": DEAD}, "restarting", ""),
        ({"tool": DEAD, "shim": DEAD}, "down", "it and its watchdog were killed"),
        ({"tool": EARLIER, "shim": EARLIER}, "down", "the machine was restarted"),
        ({"tool": None, "state": "failed", "reason": "exited"}, "failed", "exited"),
        ({"tool": None, "state": "down", "reason": "stopped"}, "down", "stopped"),
    ],
)
def test_status_believes_the_processes(changes: dict[str, object], state: str, reason: str) -> None:
    """Deaths that nobody could write down are seen."""
    unit = units.now(record(**changes))
    assert (unit.state, unit.reason) == (state, reason)
    assert (unit.pid is None) == (state != "up")
