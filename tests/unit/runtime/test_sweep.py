"""Finding, ending and proving: what is ours and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import keeping
from stackwright.runtime import evidence, process, sweep, units
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace, mark_self

pytestmark = pytest.mark.skipif(not process.LINUX, reason="looks into /proc")


@pytest.fixture
def ws(user_folders: Path) -> Iterator[Workspace]:
    with keeping.workspace(user_folders) as made:
        yield made


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else's process, which must live through everything."""
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield child
    assert child.poll() is None, "a process that was not ours was killed"
    child.kill()
    child.wait()


def kinds(found: list[sweep.Leftover]) -> list[str]:
    return sorted({leftover.kind for leftover in found})


def test_nothing_is_found_of_a_stack_that_runs_nothing(ws: Workspace) -> None:
    """An empty listing, and a proof that says how much was looked at."""
    left, looked_at = sweep.prove(ws)
    assert left == []
    assert looked_at["processes"] > 1
    assert set(looked_at) == {"processes", "listening sockets", "pieces of shared memory", "mounts"}
    assert sweep.sweep(ws) == []


def test_a_running_stack_is_found_and_ended(ws: Workspace, bystander: subprocess.Popen[bytes]) -> None:
    """Keeper, shims, tools, their daemons and their sockets; afterwards nothing."""
    keeper = KeeperClient.connect(ws)
    keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE))
    listen = "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(); time.sleep(1000)"
    keeper.ensure(keeping.python(ws, "b/main", listen))
    keeping.until(lambda: any(found.what.startswith("port ") for found in sweep.prove(ws)[0]))
    keeping.until(lambda: len(keeping.marked(ws)) == 6)
    assert kinds(sweep.prove(ws)[0]) == ["process", "socket"]
    assert len([found for found in sweep.prove(ws)[0] if found.kind == "process"]) == 6
    swept = sweep.sweep(ws)
    assert len(swept) == 6
    assert sweep.prove(ws)[0] == []
    assert keeping.marked(ws) == []


@pytest.mark.parametrize("lost", ["nothing", "journal", "units", "workspace"])
def test_after_everybody_who_knew_is_dead(ws: Workspace, bystander: subprocess.Popen[bytes], lost: str) -> None:
    """Keeper, shims and parents killed with SIGKILL, records lost: the daemon that escaped is found all the same."""
    keeper = KeeperClient.connect(ws)
    keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE))
    keeping.until(lambda: len(keeping.marked(ws)) == 4)
    keeping.until(lambda: keeping.escaped(ws))
    daemon = keeping.escaped(ws)
    keeping.kill(keeper.ping())
    keeping.kill(*(pid for pid in keeping.marked(ws) if pid != daemon))
    folder = {"journal": ws.journal_dir, "units": ws.keeper_dir, "workspace": ws.root}.get(lost)
    if folder:
        shutil.rmtree(folder)
    found = Workspace.find("demo")
    assert [leftover.what.split()[0] for leftover in sweep.prove(found)[0]] == [str(daemon)]
    assert len(sweep.sweep(found)) == 1
    assert sweep.prove(found)[0] == []


def test_look_alikes_are_left_alone(ws: Workspace, user_folders: Path) -> None:
    """Another stack, the same programs, the same user, names that only begin alike: nothing of it is touched."""
    with keeping.workspace(user_folders, "demo2") as other:
        theirs = KeeperClient.connect(other)
        unit = theirs.ensure(keeping.spec(other, "a/main", env={"PATH": os.environ["PATH"], "STACK_ID": other.id}))
        near = subprocess.Popen(
            ["sleep", "1000"], env={"PATH": os.environ["PATH"], "STACK_ID": ws.id + "0"}, cwd=other.root
        )
        KeeperClient.connect(ws).ensure(keeping.spec(ws, "a/main"))
        assert len(sweep.sweep(ws)) == 3
        assert units.read_all(other.keeper_dir)["a/main"].pid == unit.pid
        assert near.poll() is None
        near.kill()
        near.wait()


def test_a_person_who_looks_into_the_workspace_is_left_alone(ws: Workspace) -> None:
    """A shell with a terminal in the folder, its terminal's server too, or a reader of a log, is not the stack's."""
    (ws.root / "log").write_text("x\n")
    reader = subprocess.Popen(["tail", "-f", str(ws.root / "log")], stdout=subprocess.DEVNULL)
    script = f"import pty, os; os.chdir({str(ws.root)!r}); pty.spawn(['sleep', '1000'])"
    person = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    keeping.until(lambda: any(below.tty for below in process.descendants(person.pid)))
    shell = process.descendants(person.pid)[0]
    found = {leftover.what.split()[0] for leftover in sweep.prove(ws)[0]}
    assert found.isdisjoint(map(str, (shell.pid, person.pid, reader.pid)))
    keeping.kill(shell.pid)
    person.kill()
    reader.kill()
    person.wait()
    reader.wait()


@pytest.mark.parametrize("how", ["cwd", "program", "open file", "environment"])
def test_each_trace_alone_is_enough(ws: Workspace, how: str) -> None:
    """A process that lost the watermark is still found by where it works, runs from, writes to, or by its mark."""
    options: dict[str, object] = {"start_new_session": True}
    argv = ["sleep", "1000"]
    if how == "cwd":
        options["cwd"] = ws.root
    elif how == "program":
        argv[0] = shutil.copy("/bin/sleep", ws.root / "sleep")
    elif how == "open file":
        options["stdout"] = (ws.root / "out").open("w")
    else:
        options["env"] = {"STACK_ID": ws.id}
    time.sleep(1.1)  # stack.json counts in whole seconds
    child = subprocess.Popen(argv, **options)  # type: ignore[call-overload]
    keeping.until(lambda: len(sweep.prove(ws)[0]) == 1)
    sweep.sweep(ws)
    assert child.wait() < 0


def test_the_caller_is_never_swept(ws: Workspace) -> None:
    """`down` carries the mark itself, works in the folder and was started by a marked shell: all of these live."""
    program = (
        "import os, sys; from pathlib import Path; from stackwright.runtime import sweep\n"
        "from stackwright.runtime.workspace import Workspace, mark_self\n"
        "ws = Workspace.open(Path(sys.argv[1])); mark_self(ws)\n"
        "print(len(sweep.sweep(ws)), len(sweep.prove(ws)[0]))"
    )
    with mark_self(ws):
        victim = subprocess.Popen(["sleep", "1000"])
        done = subprocess.run(
            ["sh", "-c", f'"$0" -c "$1" "{ws.root}"; echo alive', sys.executable, program],
            cwd=ws.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stdout.split() == ["1", "0", "alive"], done
    assert victim.wait() < 0


SHARED = """
import ctypes, mmap, os, time
fd = os.open("/dev/shm/stacktest.%d" % os.getpid(), os.O_RDWR | os.O_CREAT, 0o600); os.ftruncate(fd, 4096)
held = mmap.mmap(fd, 4096); os.close(fd)
libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p
number = libc.shmget(0, 4096, 0o1600); libc.shmat(number, None, 0)
print(number, flush=True); time.sleep(1000)
"""


@pytest.mark.parametrize("killed_before", [False, True])
def test_shared_memory_of_the_dead_is_removed(ws: Workspace, killed_before: bool) -> None:
    """What a killed tool left in /dev/shm and SysV goes, whether it died before the sweep or in it; others' stays."""
    foreign = subprocess.Popen([sys.executable, "-c", SHARED], stdout=subprocess.PIPE)
    assert foreign.stdout
    theirs = int(foreign.stdout.readline())
    keeper = KeeperClient.connect(ws)
    unit = keeper.ensure(keeping.python(ws, "a/main", SHARED))
    keeping.until(lambda: (ws.root / "log").read_text().endswith("\n"))
    ours, file = int((ws.root / "log").read_text()), Path(f"/dev/shm/stacktest.{unit.pid}")
    if killed_before:
        time.sleep(2.2)  # the keeper has looked
        keeping.kill(keeper.ping(), *(pid for pid in keeping.marked(ws)))
    assert file.exists()
    assert {"shm", "sysv"} <= set(kinds(sweep.prove(ws)[0]))
    swept = sweep.sweep(ws)
    assert {"shm", "sysv"} <= set(kinds(swept))
    assert not file.exists()
    numbers = {segment.number for segment in evidence.segments()}
    assert ours not in numbers
    assert theirs in numbers
    foreign_file = Path(f"/dev/shm/stacktest.{foreign.pid}")
    assert foreign_file.exists()
    assert sweep.prove(ws)[0] == []
    foreign.kill()
    foreign.wait()
    foreign_file.unlink()
    process.remove_sysv_memory(theirs)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts something")
def test_a_mount_below_the_workspace_is_reported(ws: Workspace) -> None:
    """It is named with the command that takes it away; we do not unmount what we did not mount."""
    point = ws.root / "point"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(point)], check=True)
    try:
        sweep.sweep(ws)
        (left,) = sweep.prove(ws)[0]
        assert (left.kind, left.what, left.hint) == ("mount", str(point), f"umount {point}")
    finally:
        subprocess.run(["umount", str(point)], check=True)
