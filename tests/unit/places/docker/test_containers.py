"""What is told of containers, and what they are made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.places.docker import containers
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

DEAD = {"ExitCode": 0, "Error": "", "OOMKilled": False, "StartedAt": "2026-05-01T12:00:00.1Z"}
DEAD |= {"FinishedAt": "2026-05-01T12:34:56.789Z"}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"ExitCode": 3}, "exited with status 3 at 12:34:56 UTC"),
        ({"ExitCode": 137}, "was killed by SIGKILL at 12:34:56 UTC"),
        ({"ExitCode": 137, "OOMKilled": True}, "was killed, because it used more memory than there is for it"),
        ({"ExitCode": 128, "Error": "port is taken"}, "could not be started: port is taken"),
        ({"StartedAt": "0001-01-01T00:00:00Z"}, "was not started"),
    ],
)
def test_how_it_ended(state: dict[str, Any], told: str) -> None:
    """Each way to end is told in words that people know."""
    assert containers.ended({**DEAD, **state}) == told


@pytest.mark.parametrize(("text", "size"), [("256Mi", 2**28), ("1.5Gi", 3 * 2**29), ("2G", 2 * 10**9), ("512", 512)])
def test_amounts_of_memory(text: str, size: int) -> None:
    """Binary and decimal units are what they are elsewhere."""
    assert containers.number_of_bytes(text) == size


def test_no_amount_of_memory() -> None:
    """What is no amount is refused with an example of one."""
    with pytest.raises(StackError) as caught:
        containers.number_of_bytes("much")

    assert "512Mi" in caught.value.diagnostics[0].hint


def test_names() -> None:
    """An only process has the component's name; several have their own, and their network has the component's."""
    one: dict[str, Any] = {"container": {"name": "s-1-db"}, "processes": [{"name": "main"}]}
    several = {**one, "processes": [{"name": "server"}, {"name": "worker.0"}]}

    assert containers.name_of(one, "main") == "s-1-db"
    assert containers.name_of(several, "worker.0") == "s-1-db-worker__0"


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this machine nothing comes in but the stack's own words, with secrets in place."""
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("USERS_OWN", "x")
    ws = Workspace.create(tmp_path / ".stack/s", "s", str(tmp_path / "stack.yaml"))
    secrets = Secrets(ws.secrets_file)
    spec = {
        "component": "db",
        "folder": "/stack",
        "environment": {"prefix": "/opt/stack/env"},
        "path": ["/opt/stack/env/pg/bin"],
        "env": {"PASSWORD": [{"secret": "db.admin"}]},
    }

    env = containers.environment(ws, spec, secrets)

    assert env["PATH"] == "/opt/stack/env/pg/bin:/opt/stack/env/bin:/usr/local/bin:/usr/bin:/bin"
    assert (env["HOME"], env["TMPDIR"], env["STACK_ID"]) == ("/stack/home", "/stack/tmp", ws.id)
    assert env["PASSWORD"] == secrets.get_or_make("db.admin")
    assert "USERS_OWN" not in env


def test_devices() -> None:
    """A process has the devices that it was given, by number, and not the first ones that the engine finds."""
    (request,) = containers._wants({"gpu": 2, "devices": ["2", "3"]})["device_requests"]

    assert (request["DeviceIDs"], request["Count"], request["Capabilities"]) == (["2", "3"], 0, [["gpu"]])
