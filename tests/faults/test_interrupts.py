"""Ctrl-C in the middle of `up`: one polite line, 130, and nothing half done."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

import livestack
from livestack import Live, until

pytestmark = livestack.FAULTS
PROGRESS = re.compile(r" +\d+\.\d s  ")
STOPPED = "Stopped. `stack up` goes on from here, `stack down` removes what was started."


@pytest.fixture
def stack() -> Iterator[Live]:
    """A stack that is not up yet."""
    with livestack.place() as root, livestack.live(root) as made:
        yield made


def begun(stack: Live, subject: str, phase: str) -> subprocess.Popen[str]:
    """An `up` that has just said this, in a terminal's foreground group of its own."""
    command = stack.start("up", session=True)
    assert command.stderr
    for line in command.stderr:
        if line.split()[2:4] == [subject, phase]:
            return command
    raise AssertionError(f"`up` never said `{phase}` of `{subject}`")


def ctrl_c(command: subprocess.Popen[str]) -> None:
    """What a terminal does: everybody in the foreground group is told."""
    os.killpg(command.pid, signal.SIGINT)


@pytest.mark.parametrize(
    ("subject", "phase"),
    [("database", "starting"), ("database", "waiting"), ("jobs.database_sql", "granting")],
)
def test_ctrl_c(stack: Live, subject: str, phase: str) -> None:
    """Stopped at any moment: 130 and one line; what runs is whole, what was half done is not; `up` goes on from it."""
    command = begun(stack, subject, phase)
    ctrl_c(command)
    out, err = command.communicate(timeout=60)
    assert command.returncode == 130, err
    assert [line for line in err.splitlines() if not PROGRESS.match(line)] == [STOPPED], err
    assert out == ""
    shown = stack.processes()
    left = {proc.name for proc in stack.marked()}
    assert not left & {"initdb", "psql", "pg_isready", "uv"}
    assert stack.terraform() == 0
    ready = {step["component"] for step in stack.steps() if (step["op"], step["kind"]) == ("ready", "process")}
    assert {name.split("/")[0] for name, unit in shown.items() if unit["state"] == "up"} == ready
    kept = {name: unit["pid"] for name, unit in shown.items() if unit["state"] == "up"}
    stack.stack("up", "--quiet")
    assert kept.items() <= stack.pids().items()
    stack.down()


def test_ctrl_c_twice(stack: Live) -> None:
    """Whoever cannot wait presses again: it ends at once, still politely, and `down` finds what there is."""
    command = begun(stack, "database", "starting")
    ctrl_c(command)
    time.sleep(0.02)
    ctrl_c(command)
    began = time.monotonic()
    _, err = command.communicate(timeout=60)
    assert command.returncode == 130, err
    assert time.monotonic() - began < 5
    assert "Traceback" not in err
    assert err.count("Stopped.") == 1
    stack.down()
    assert not stack.root.exists()
    until(lambda: stack.marked() == [])
