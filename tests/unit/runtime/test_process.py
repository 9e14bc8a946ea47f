"""Identities, listings, signals and the watermark, on real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import keeping
from stackwright.runtime import process
from stackwright.runtime.process import Identity

# Each process of it has had a child and gone before a listing of the machine that began earlier comes to it.
HOPPING = """
import os, time
open("/proc/self/comm", "w").write("hopper")
end = time.monotonic() + 20
while time.monotonic() < end and not os.path.exists(END):
    if os.fork(): os._exit(0)
    time.sleep(0.003)
"""
linux_only = pytest.mark.skipif(not process.LINUX, reason="no watermark elsewhere")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "1000"])
    yield child
    child.kill()
    child.wait()


def test_an_identity_is_one_process(sleeper: subprocess.Popen[bytes]) -> None:
    """Same pid with another start or another boot is somebody else, and is not signalled."""
    who = process.identify(sleeper.pid)
    assert who
    assert process.alive(who)
    for other in (Identity(who.boot, who.pid, who.start + 1), Identity("another boot", who.pid, who.start)):
        assert not process.alive(other)
        assert not process.send(other, signal.SIGKILL)
    assert process.alive(who)
    assert process.send(who, signal.SIGKILL)
    keeping.until(lambda: not process.alive(who))  # a zombie: we have not waited for it
    assert process.identify(sleeper.pid) is None
    assert sleeper.pid not in process.snapshot()
    assert not process.send(who, signal.SIGTERM)


def test_a_name_cannot_forge_the_table() -> None:
    """A process called `) R 1 (` is read like any other."""
    program = "import ctypes, time; ctypes.CDLL(None).prctl(15, b') R 1 (x', 0, 0, 0); time.sleep(100)"
    child = subprocess.Popen([sys.executable, "-c", program])
    try:
        keeping.until(lambda: (found := process.look(child.pid)) and found.name == ") R 1 (x")
        found = process.look(child.pid)
        assert found
        assert found.ppid == os.getpid()
    finally:
        child.kill()
        child.wait()


def test_closure_follows_descent_and_skips_what_it_must() -> None:
    """Everything below the roots, never below what is skipped."""
    procs = {pid: process.Proc(pid, ppid, 1, "x", 0) for pid, ppid in ((1, 0), (2, 1), (3, 2), (4, 3), (5, 2), (6, 1))}
    assert process.closure(procs, [2]) == {2, 3, 4, 5}
    assert process.closure(procs, [2], skip=[3]) == {2, 5}
    assert process.closure(procs, [99]) == set()
    assert process.ancestors(procs, 4) == {4, 3, 2, 1}


def test_descendants_agree_with_the_whole_listing() -> None:
    """The cheap way down (children lists) finds what a snapshot finds."""
    child = subprocess.Popen(["sh", "-c", "sleep 100 & (sleep 101; true) & wait"])
    try:
        keeping.until(lambda: len(process.descendants(child.pid)) == 3)
        below = {proc.pid for proc in process.descendants(child.pid)}
        assert process.closure(process.snapshot(), [child.pid]) == {child.pid, *below}
    finally:
        keeping.kill(*below)
        child.wait()


def test_end_tells_once_then_kills() -> None:
    """A polite process sees one TERM; one that ignores it is killed after the patience; both are gone."""
    polite = subprocess.Popen(["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.02; done"])
    stubborn = subprocess.Popen(["sh", "-c", keeping.STUBBORN], start_new_session=True)
    time.sleep(0.3)
    who = [identity for child in (polite, stubborn) if (identity := process.identify(child.pid))]
    assert process.end(lambda: [one for one in who if process.alive(one)], signal.SIGTERM, 0.5) == []
    assert polite.wait() == 7
    assert stubborn.wait() == -signal.SIGKILL


def test_end_says_what_it_cannot_end(sleeper: subprocess.Popen[bytes]) -> None:
    """What stays on the list after the deadline is returned, not waited for."""
    ghost = Identity(process.boot_id(), sleeper.pid, 1)
    began = time.monotonic()
    assert process.end(lambda: [ghost], signal.SIGTERM, 0.1, deadline=0.2) == [ghost]
    assert time.monotonic() - began < 2


@linux_only
def test_the_watermark_survives_what_a_daemon_does() -> None:
    """exec, double fork, setsid, empty environment, closed descriptors and cwd=/ do not wash it off."""
    number = 10**15 + int.from_bytes(os.urandom(5), "big")
    process.set_watermark(number)
    try:
        parent = subprocess.Popen([sys.executable, "-c", keeping.HOSTILE])
    finally:
        process.set_watermark(None)
    assert process.watermark(os.getpid()) is None

    def marked() -> list[int]:
        return [pid for pid in process.snapshot() if process.watermark(pid) == number]

    keeping.until(lambda: len(marked()) == 2)
    keeping.until(lambda: any(process.look(p).ppid != os.getpid() for p in marked()))  # type: ignore[union-attr]
    keeping.kill(*marked())
    parent.wait()


@linux_only
def test_who_forks_and_leaves_is_listed(tmp_path: Path) -> None:
    """Something that is another process every few milliseconds does not slip through between listing and looking."""
    end = tmp_path / "end"
    subprocess.run([sys.executable, "-c", HOPPING.replace("END", repr(str(end)))], check=True)
    try:
        listings = [process.snapshot().values() for _ in range(20)]
    finally:
        end.touch()
    seen = [any(proc.name == "hopper" for proc in listing) for listing in listings]
    assert sum(seen) >= 10, seen
