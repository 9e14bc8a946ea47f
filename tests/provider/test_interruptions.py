"""Kill, interrupt, damage: whatever happens to an apply, the next command finds what there is."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from stackwright.engine.state import LostStateError
from stackwright.errors import StackError
from stackwright.runtime import component, journal, sweep

if TYPE_CHECKING:
    from conftest import Stack


def _wait(until: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def _started(stack: Stack, name: str) -> bool:
    return (stack.workspace.components / name / "run" / "started.json").exists()


def _ready(stack: Stack, name: str) -> bool:
    entries = journal.read(stack.workspace.journal_dir / "client.jsonl")
    return any(entry["op"] == "ready" and entry["component"] == name for entry in entries)


def _terraform_of(client: subprocess.Popen[bytes], folder: Path) -> psutil.Process:
    """The Terraform that a client runs; it is the one whose working folder is the root's."""
    return next(p for p in psutil.Process(client.pid).children() if p.cwd() == str(folder))


def test_killed_client(stack: Stack) -> None:
    """After kill -9 of the command in mid-apply, Terraform ends too, and the next apply adopts what is starting."""
    stack.add("fast")
    stack.add("slow", delay=3)
    client = stack.up_elsewhere()
    _wait(lambda: _started(stack, "slow") and stack.pids()["fast"])
    terraform = _terraform_of(client, stack.workspace.terraform)
    before = stack.pids()
    client.kill()
    client.wait()
    _wait(lambda: not terraform.is_running() or terraform.status() == psutil.STATUS_ZOMBIE)

    stack.up()

    assert all(before.values())
    assert stack.pids() == before
    assert stack.changes() == []


def test_killed_terraform(stack: Stack) -> None:
    """After kill -9 of Terraform the command says so, and waits until nothing of it goes on starting things."""
    stack.add("fast")
    stack.add("slow", delay=20)
    client = stack.up_elsewhere()
    _wait(lambda: _started(stack, "slow"))
    _terraform_of(client, stack.workspace.terraform).kill()

    _, said = client.communicate(timeout=20)

    assert b"Terraform ended unexpectedly" in said
    assert not stack.pids()["slow"]
    stack.specs["slow"]["processes"][0]["command"][-1] = "0"
    stack.up()
    assert all(stack.pids().values())


def test_interrupted(stack: Stack) -> None:
    """Ctrl-C in mid-apply ends soon, keeps what was ready in the state, leaves nothing half started."""
    stack.add("fast")
    stack.add("slow", delay=20)
    client = stack.up_elsewhere()
    _wait(lambda: _started(stack, "slow") and _ready(stack, "fast"))
    time.sleep(0.3)  # for the answer to reach Terraform
    fast = stack.pids()["fast"]
    began = time.monotonic()
    os.kill(client.pid, signal.SIGINT)

    _, said = client.communicate(timeout=20)

    assert time.monotonic() - began < 10
    assert b"KeyboardInterrupt" in said
    assert stack.pids() == {"fast": fast, "slow": ()}
    assert "slow" not in [change.what for change in stack.engine.destroy()]
    assert not any(stack.pids().values())


def test_interrupted_twice(stack: Stack) -> None:
    """A second Ctrl-C kills Terraform, and still nothing is left half started."""
    stack.add("slow", delay=20)
    client = stack.up_elsewhere()
    _wait(lambda: _started(stack, "slow"))
    os.kill(client.pid, signal.SIGINT)
    time.sleep(0.1)
    os.kill(client.pid, signal.SIGINT)

    client.communicate(timeout=20)

    assert not stack.pids()["slow"]


@pytest.mark.parametrize("damage", [lambda p: p.write_text(""), lambda p: p.write_text(p.read_text()[:400])])
def test_damaged_state(stack: Stack, damage: Callable[[Path], object]) -> None:
    """A damaged state does not stand in the way: destroy says so and keeps a copy, apply adopts what runs."""
    stack.add("database")
    stack.up()
    before = stack.pids()
    state = stack.workspace.terraform / "terraform.tfstate"

    damage(state)
    with pytest.raises(LostStateError):
        stack.engine.destroy()
    assert len(list(state.parent.glob("terraform.tfstate.damaged-*"))) == 1

    engine = stack.engine
    engine.apply()

    assert engine.warnings
    assert stack.pids() == before
    assert stack.changes() == []


def test_lost_state(stack: Stack) -> None:
    """A lost state is said, not taken for an empty stack; apply adopts what runs."""
    stack.add("database")
    stack.up()
    before = stack.pids()
    (stack.workspace.terraform / "terraform.tfstate").unlink()

    with pytest.raises(LostStateError):
        stack.engine.destroy()
    plan = stack.engine
    assert {(change.what, change.action, change.why) for change in plan.plan() if change.kind == "process"} == {
        ("database", "add", "it runs already and is adopted")
    }
    assert [diagnostic.summary for diagnostic in plan.warnings] == ["Terraform's state is not there"]

    stack.up()
    assert stack.pids() == before


def test_state_that_terraform_refuses(stack: Stack) -> None:
    """Damage that only Terraform can see is an error, not a crash, and the state stays for people to look at."""
    stack.add("database")
    stack.up()
    state = stack.workspace.terraform / "terraform.tfstate"
    damaged = state.read_text().replace('"mode": "managed"', '"mode": "strange"')
    state.write_text(damaged)

    with pytest.raises(StackError):
        stack.engine.plan()
    assert state.read_text() == damaged


def test_lock(stack: Stack) -> None:
    """While one Terraform works on the state, a second one is refused and says why."""
    stack.add("slow", delay=4)
    client = stack.up_elsewhere()
    _wait(lambda: _started(stack, "slow"))

    with pytest.raises(StackError) as caught:
        stack.engine.apply()

    assert "lock" in caught.value.diagnostics[0].detail
    client.communicate(timeout=20)
    assert stack.changes() == []


def test_the_callers_terraform_settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken settings for the caller's own Terraform do not reach ours."""
    for name in ("TF_CLI_ARGS", "TF_CLI_ARGS_apply", "TF_CLI_CONFIG_FILE", "TF_WORKSPACE", "TF_DATA_DIR"):
        monkeypatch.setenv(name, "-broken /nowhere")
    stack.add("database")

    stack.up()

    assert component.observe(stack.workspace, "database")


def test_init_only_when_needed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed setting needs no init, a new component and another Terraform do."""
    database = stack.add("database")
    ran: list[str] = []
    from stackwright.engine import hosted

    run = hosted.run
    monkeypatch.setattr(hosted, "run", lambda *words: (ran.append(words[1][0]), run(*words))[1])

    stack.changes()
    database["env"] = {"X": "1"}
    stack.changes()
    assert ran == ["init", "plan", "plan"]
    stack.add("tracking")
    stack.changes()
    assert ran[3:] == ["init", "plan"]


def test_deep_workspace(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace deeper than a socket's path may be long works, and no run leaves a socket behind."""
    from stackwright.runtime.workspace import Workspace

    stack.workspace = Workspace.create(tmp_path / ("deep" * 30) / "tiny2", "tiny2", "stack.yaml")
    stack.add("database")

    stack.up()

    assert stack.pids()["database"]
    assert list(stack.workspace.terraform.rglob("*.sock")) == []
    stack.engine.destroy()
    sweep.sweep(stack.workspace)
