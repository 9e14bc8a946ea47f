"""A container's state in the words that processes have."""

from __future__ import annotations

from typing import Any

import pytest

from stackwright.places.docker.status import unit_of

STATE = {
    "Running": True,
    "Restarting": False,
    "Paused": False,
    "OOMKilled": False,
    "ExitCode": 0,
    "Error": "",
    "StartedAt": "2026-05-01T12:00:00.5Z",
    "FinishedAt": "0001-01-01T00:00:00Z",
}
ENDED = {"Running": False, "FinishedAt": "2026-05-01T12:00:09Z"}


def inspected(restarts: int = 0, **state: Any) -> dict[str, Any]:
    marks = {"stackwright.component": "db", "stackwright.process": "main", "stackwright.hash": "h"}
    return {
        "State": {**STATE, **state},
        "Config": {"Labels": marks},
        "RestartCount": restarts,
        "Created": "2026-05-01T11:59:59Z",
    }


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (inspected(), "up", ""),
        (inspected(2, FinishedAt="2026-05-01T11:59:58Z"), "up", "ended at 11:59:58 UTC, and was started again"),
        (inspected(1, Restarting=True, ExitCode=1, **ENDED), "restarting", "exited with status 1 at 12:00:09 UTC"),
        (inspected(ExitCode=1, **ENDED), "failed", "exited with status 1 at 12:00:09 UTC"),
        (inspected(**ENDED), "down", "exited with status 0 at 12:00:09 UTC"),
        (inspected(Paused=True), "down", "is paused"),
        (inspected(Running=False, StartedAt="0001-01-01T00:00:00Z"), "down", "was not started"),
    ],
)
def test_states(found: dict[str, Any], state: str, reason: str) -> None:
    """Up, restarting, failed or down, and why."""
    unit = unit_of(found)

    assert (unit.id, unit.hash, unit.state, unit.reason) == ("db/main", "h", state, reason)
    assert unit.since > 1_700_000_000 and unit.pid is None
