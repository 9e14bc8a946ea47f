"""Installs that are killed, doubled and starved still end in a whole environment, or in none."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import wheels
from stackwright.errors import StackError
from stackwright.runtime import install, process

pytestmark = pytest.mark.faults

# What `up` does, in a process of its own that can be killed.
PROGRAM = """
import json, sys, threading
from stackwright.runtime import install
print(install.ensure_environment(json.loads(sys.argv[1]), lambda *told: print(*told, flush=True), threading.Event()))
"""


@pytest.fixture
def cache(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone, and packages with enough in them that an install takes a moment."""
    many = "\n".join(f"def f{n}(a, b): return [a + i * b for i in range({n})]" for n in range(3000))
    for name in ("tinya", "tinyb", "tinyc"):
        wheels.make(user_folders / "wheels", name, code=many)
    wheels.use(user_folders / "wheels", user_folders / "uv", monkeypatch)
    return user_folders / "cache"


def begin(spec: dict[str, object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(spec)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def whole(cache: Path, key: str) -> bool:
    """The environment works, and nothing else of it lies about."""
    prefix = cache / "environments" / key
    for name in ("tinya", "tinyb", "tinyc"):
        done = subprocess.run([prefix / "bin" / name], capture_output=True, text=True, check=True)
        assert done.stdout == f"{name} 1.0\n"
    return not [path for path in prefix.parent.iterdir() if path.name.startswith(".")]


def test_killed_at_any_moment(cache: Path) -> None:
    """SIGKILL at a random moment of an install, ten times: never a half environment, and the next install is whole."""
    spec = wheels.spec(cache, "tiny-1", "tinya", "tinyb", "tinyc")
    began = time.monotonic()
    assert begin(spec).wait() == 0
    usual = time.monotonic() - began
    chance, unfinished = random.Random(7), 0
    for number in range(10):
        key = f"killed-{number}"
        spec = wheels.spec(cache, key, "tinya", "tinyb", "tinyc")
        running = begin(spec)
        time.sleep(usual * chance.uniform(0.2, 1.0))
        running.send_signal(signal.SIGKILL)
        running.wait()
        if install.environment_complete(spec):
            assert whole(cache, key)
        else:
            unfinished += 1
            assert not (cache / "environments" / key).exists()
        again = begin(spec)
        told, _ = again.communicate(timeout=120)
        assert again.returncode == 0, told
        assert whole(cache, key)
    assert unfinished >= 3  # else nothing was tried


def test_nothing_writes_on_after_a_kill(cache: Path) -> None:
    """uv, orphaned by a kill, keeps the lock while it lives: the next install never shares a folder with it."""
    spec = wheels.spec(cache, "tiny-1", "tinya", "tinyb", "tinyc")
    running = begin(spec)
    while not any("uv" in proc.name for proc in process.descendants(running.pid)):
        time.sleep(0.005)
    orphans = process.descendants(running.pid)
    for proc in orphans:
        process.send(proc.identity, signal.SIGSTOP)
    running.send_signal(signal.SIGKILL)
    running.wait()
    second = begin(spec)
    try:
        time.sleep(2)
        assert second.poll() is None
        assert not list((cache / "environments").glob("tiny-1"))
    finally:
        for proc in orphans:
            process.send(proc.identity, signal.SIGKILL)
    told, _ = second.communicate(timeout=120)
    assert second.returncode == 0, told
    assert "waiting for an install of the same packages" in told
    assert whole(cache, "tiny-1")


def test_eight_processes_at_once(cache: Path) -> None:
    """Eight commands that need the same environment: one installs it, the others say that they wait, all have it."""
    spec = wheels.spec(cache, "tiny-1", "tinya", "tinyb", "tinyc")
    running = [begin(spec) for _ in range(8)]
    told = [command.communicate(timeout=240)[0] for command in running]
    assert [command.returncode for command in running] == [0] * 8, told
    assert sum("installing 3 packages" in text for text in told) == 1
    assert whole(cache, "tiny-1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small volume")
def test_a_full_disk_leaves_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that fills up the install says so and takes its part away; with room again it succeeds."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        monkeypatch.setenv("STACK_CACHE_DIR", str(small))
        spec = wheels.spec(small, "tiny-1", "tinya", "tinyb", "tinyc")
        with pytest.raises(StackError) as caught:
            install.ensure_environment(spec, lambda *_: None, threading.Event())
        (told,) = caught.value.diagnostics
        assert "No space left" in told.detail and ("disk is full" in told.hint or "make room" in told.hint)
        assert not [path.name for path in (small / "environments").iterdir() if path.is_dir()]
        subprocess.run(["mount", "-o", "remount,size=100m", str(small)], check=True)
        install.ensure_environment(spec, lambda *_: None, threading.Event())
        assert whole(small, "tiny-1")
    finally:
        subprocess.run(["umount", str(small)], check=True)
