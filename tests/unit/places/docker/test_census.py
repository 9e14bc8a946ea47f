"""When an engine is asked what a stack left there, and what is known without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.places import docker
from stackwright.places.docker.census import made_for
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    return Workspace.create(tmp_path / ".stack/s", "s", str(tmp_path / "stack.yaml"))


def test_no_engine_is_asked_without_need(ws: Workspace) -> None:
    """A stack of processes goes without a word to an engine."""
    client_journal(ws).write("intent", "process", "db", "db")

    assert docker.sweep(ws) == [] and docker.prove(ws) == ([], {})


def test_an_engine_that_is_away_proves_nothing(ws: Workspace) -> None:
    """A stack that had anything on an engine is not gone because the engine is silent."""
    (ws.root / "engine").write_text("E1")
    _silent(ws)


def test_a_note_that_is_lost_proves_nothing(ws: Workspace) -> None:
    """Where the note of the engine is not there, the journal still knows that something was."""
    client_journal(ws).write("intent", "container", "db", "db")
    _silent(ws)


def _silent(ws: Workspace) -> None:
    for look in (docker.sweep, docker.prove):
        with pytest.raises(StackError, match="P160"):
            look(ws)


def test_images_are_known(ws: Workspace) -> None:
    """Which images were made for it is read from what was written before the act, each once."""
    for name in ("stackwright/a-1:0123", "stackwright/b-1:0123", "stackwright/a-1:0123"):
        client_journal(ws).write("intent", "image", "", name)

    assert made_for(ws) == ["stackwright/a-1:0123", "stackwright/b-1:0123"]
