"""What use cases ask of other places, on a machine where no engine is to be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.operations import places
from stackwright.operations.doctor import doctor
from stackwright.operations.find import find
from stackwright.operations.up import up
from stackwright.runtime.workspace import Workspace

PROCESS: dict[str, Any] = {"id": "serving", "spec": {"processes": [{"name": "main"}]}}
INSIDE: dict[str, Any] = {"id": "database", "spec": {"processes": [{"name": "main"}], "container": {"name": "x"}}}
LIBRARY: dict[str, Any] = {"id": "data-versioning", "spec": None}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A stack's folder on a machine without an engine."""
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    return Workspace.create(tmp_path / ".stack" / "it", "it", str(tmp_path / "stack.yaml"))


def test_only_containers_are_asked_of_an_engine(workspace: Workspace) -> None:
    """A stack of processes and libraries works without one, and no log is looked for there."""
    assert [places.contained(one) for one in (PROCESS, INSIDE, LIBRARY)] == [False, True, False]
    assert places.running(workspace, [PROCESS, LIBRARY]) == {}
    assert places.logs(workspace, [PROCESS, LIBRARY]) == {}


def test_an_engine_that_is_away_is_the_reason(workspace: Workspace) -> None:
    """Nobody knows how containers are: each is shown as down, with the reason, and nothing is raised."""
    found = places.running(workspace, [PROCESS, INSIDE])
    assert found.keys() == {"database/main"}
    assert (found["database/main"].state, found["database/main"].pid) == ("down", None)
    assert "engine" in found["database/main"].reason.lower()


def test_a_stack_that_never_had_containers_needs_no_engine_to_go(workspace: Workspace) -> None:
    """Sweep and proof look at this machine, and find nothing."""
    assert places.sweep(workspace, False, False) == []
    left, looked_at = places.prove(workspace, False, False)
    assert left == [] and "processes" in looked_at and "containers" not in looked_at


def test_without_an_engine_nothing_is_begun(workspace: Workspace, tmp_path: Path) -> None:
    """`up` says so before it makes a folder, and what to do; `doctor` does too."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "stack.yaml").write_text("name: mine\ntarget: docker\nlayers: {database: postgres}\n")
    with pytest.raises(StackError) as caught:
        up(find(folder), lambda _: None)
    assert [told.code for told in caught.value.diagnostics] == ["P160"]
    assert [path.name for path in folder.iterdir()] == ["stack.yaml"]
    (check,) = [check for check in doctor() if check.name == "container engine"]
    assert (check.state, check.hint) == ("warning", caught.value.diagnostics[0].hint)
