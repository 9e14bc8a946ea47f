"""Ports that somebody listens on, and ports that other stacks of this user have chosen."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from stackwright.runtime import ports
from stackwright.runtime.workspace import Workspace


def test_taken_ports() -> None:
    """Whoever listens has the port, on loopback or everywhere; a free one is not taken."""
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("0.0.0.0", 0)) as everywhere:
        held = {here.getsockname()[1], everywhere.getsockname()[1]}
        with socket.create_server(("127.0.0.1", 0)) as gone:
            free = gone.getsockname()[1]
        assert ports.taken({*held, free}) == held


@pytest.mark.parametrize("lost", [None, "", "[20001]", "{"])
def test_promised_ports(user_folders: Path, lost: str | None) -> None:
    """The other stacks' ports are promised, whether they listen or not; a stack that lost its list promises nothing."""
    me, other, damaged = (
        Workspace.create(user_folders / name / ".stack" / name, name, str(user_folders / name / "stack.yaml"))
        for name in ("me", "other", "damaged")
    )
    me.ports_file.write_text(json.dumps({"database.sql": 20_001}))
    other.ports_file.write_text(json.dumps({"database.sql": 20_005, "storage.s3": 20_006}))
    if lost is not None:
        damaged.ports_file.write_text(lost)
    assert ports.promised(me) == {20_005, 20_006}
