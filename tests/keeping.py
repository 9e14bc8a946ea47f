"""Small real processes for the tests of keeper and sweep, and what to ask about them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stackwright.runtime import process, sweep
from stackwright.runtime.client import ProcessSpec
from stackwright.runtime.workspace import Workspace

# Forks twice, leaves session, environment, descriptors and folder behind, and ignores TERM: what escapes supervisors.
HOSTILE = """
import os, signal, sys, time
if os.fork(): time.sleep(1000)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/"); os.closerange(0, 100)
os.execve(sys.executable, ["python", "-c", "import signal,time; signal.signal(15, 1); time.sleep(1001)"], {})
"""
STUBBORN = "trap '' TERM INT HUP; while :; do sleep 0.2; done"


@contextmanager
def workspace(folder: Path, name: str = "demo") -> Iterator[Workspace]:
    """A workspace below a folder whose processes are all gone afterwards, whatever the test did."""
    ws = Workspace.create(folder / ".stack" / name, name, str(folder / "stack.yaml"))
    try:
        yield ws
    finally:
        sweep.sweep(ws)


def spec(ws: Workspace, unit: str, *argv: str, version: str = "1", **more: object) -> ProcessSpec:
    """A process to keep; without words it sleeps."""
    values = {
        "id": unit,
        "hash": version,
        "argv": argv or ("sleep", "1000"),
        "env": {"PATH": os.environ["PATH"]},
        "cwd": "/",
        "log": str(ws.root / "log"),
        "timeout": 1.0,
    }
    return ProcessSpec(**{**values, **more})  # type: ignore[arg-type]


def shell(ws: Workspace, unit: str, script: str, **more: object) -> ProcessSpec:
    """A shell script to keep."""
    return spec(ws, unit, "sh", "-c", script, **more)


def python(ws: Workspace, unit: str, program: str, **more: object) -> ProcessSpec:
    """A Python program to keep."""
    return spec(ws, unit, sys.executable, "-I", "-S", "-c", program, **more)


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to become true; fails the test when it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"still not true after {seconds} s"
        time.sleep(0.02)


def marked(ws: Workspace) -> list[int]:
    """Every process with the stack's watermark but ourselves: the check that trusts neither journal nor descent."""
    return [pid for pid in process.snapshot() if pid != os.getpid() and process.watermark(pid) == ws.watermark]


def escaped(ws: Workspace) -> int:
    """The pid of HOSTILE's daemon, once it has left; 0 before."""
    command = b"python\0-c\0"
    found = [pid for pid in marked(ws) if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(command)]
    return found[0] if found else 0


def kill(*pids: int) -> None:
    """SIGKILL, and wait until they are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(process.look(pid) for pid in pids))
