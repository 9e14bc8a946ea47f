"""Programs of this machine that tools call."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.model.plan import Component, Environment, JobsPlan, Plan
from stackwright.operations import programs
from stackwright.runtime.workspace import Workspace


def plan(**system: tuple[str, ...]) -> Plan:
    """A plan of components that call these programs."""
    components = tuple(
        Component(
            id=name, tool=f"{name}-tool", version="1", target="process", kind="library", because="", environment="e",
            system=called,
        )
        for name, called in system.items()
    )  # fmt: skip
    return Plan(
        name="it", id="it-000000", workspace="/w", components=components, wires=(), environments=(), secrets=(),
        jobs=JobsPlan(environment="e", env={}),
    )  # fmt: skip


def program(folder: Path, name: str) -> Path:
    """Something that can be executed."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_missing_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each missing program is told once, with everybody who calls it and how to get it; one that is there is not."""
    monkeypatch.setenv("PATH", "/nonexistent")
    programs.require(plan(one=("sh",)))
    with pytest.raises(StackError) as raised:
        programs.require(plan(one=("sh", "gitt"), two=("gitt",), three=()))
    (told,) = raised.value.diagnostics
    assert told.detail == "`one` (one-tool) and `two` (two-tool) call `gitt`, which is not on PATH."
    assert told.hint.startswith("install it with")


def test_what_jobs_and_installs_call(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what jobs call is looked for, and what an install calls, until it is installed."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(programs, "PROGRAMS", {"debian": (), "go": ("gopher",)})
    prefix = user_folders / "go-1"
    wanting = Environment(key="go-1", python="", sources={"go": ("a@v1",)}, prefix=str(prefix))
    jobs = JobsPlan(environment="e", env={}, system=("rustacean",))
    chosen = plan().model_copy(update={"environments": (wanting,), "jobs": jobs})
    with pytest.raises(StackError) as raised:
        programs.require(chosen)
    told = [diagnostic.detail for diagnostic in raised.value.diagnostics]
    assert told == [
        "`jobs` of the manifest calls `rustacean`, which is not on PATH.",
        "the install of `go-1` calls `gopher`, which is not on PATH.",
    ]
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/python").touch()
    (prefix / "complete.json").touch()
    with pytest.raises(StackError) as raised:
        programs.require(chosen)
    assert len(raised.value.diagnostics) == 1


def test_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is that of the package manager this machine has; without one, nothing is made up."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "\n" not in programs.how_to_get("git")
    program(tmp_path, "dnf")
    assert programs.how_to_get("git") == "install it with\n    dnf install git"


def test_links(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool finds the program that the user's PATH has, and nothing else of its folder; a moved one is found."""
    workspace = Workspace.create(user_folders / "w", "it", "/w/stack.yaml")
    first, second = program(user_folders / "first", "versioner"), program(user_folders / "second", "versioner")
    program(user_folders / "second", "python")
    for found in (first, second):
        monkeypatch.setenv("PATH", str(found.parent))
        programs.link(plan(one=("versioner",)), workspace)
        assert {path.name: path.readlink() for path in workspace.programs.iterdir()} == {"versioner": found}


def test_nobody_calls_any(user_folders: Path) -> None:
    """A stack that calls no program has no folder for them."""
    workspace = Workspace.create(user_folders / "w", "it", "/w/stack.yaml")
    programs.link(plan(one=()), workspace)
    assert not workspace.programs.exists()
