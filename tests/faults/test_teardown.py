"""`down` leaves nothing of ours and touches nothing else, whatever has been lost, and says so when it cannot."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import livestack
from livestack import Live, Unchanged, until
from stackwright.runtime import process

pytestmark = livestack.FAULTS
SMALL = {"database": "postgres"}
STATE = "terraform/terraform.tfstate"

# The first process of a PID namespace hears no signal from inside, not even KILL; it collects every orphan.
INIT = """
import os, time
while True:
    time.sleep(0.05)
    try: os.waitpid(-1, os.WNOHANG)
    except ChildProcessError: pass
"""
WRITE = "create table kept (n int); insert into kept values (41), (42)"
SQL = """
import os, sys, psycopg
with psycopg.connect(autocommit=True) as connection:
    done = connection.execute(sys.argv[1])
    print("rows:", [row[0] for row in done] if done.description else None)
"""


def losses(stack: Live) -> dict[str, Callable[[], object]]:
    """What may happen to a stack that is up."""
    return {
        "its state is lost": (stack.root / STATE).unlink,
        "its state is cut off": lambda: os.truncate(stack.root / STATE, 1000),
        "its state is of another stack": lambda: (stack.root / STATE).write_text(
            '{"version": 4, "serial": 1, "lineage": "other", "outputs": {}, "resources": []}'
        ),
        "its root is lost": (stack.root / "terraform/main.tf").unlink,
        "its journals are lost": lambda: shutil.rmtree(stack.root / "journal"),
        "its keeper's folder is lost": lambda: shutil.rmtree(stack.root / "keeper"),
        "its workspace is lost": lambda: shutil.rmtree(stack.root.parent),
        "its workspace and manifest are lost": lambda: shutil.rmtree(stack.folder),
        "its components are dead": lambda: livestack.kill(*stack.pids().values()),
        "all its processes are dead": lambda: livestack.kill(*(proc.pid for proc in stack.marked())),
    }


def lost() -> None:
    """In namespaces of our own: up, a loss, down from elsewhere, census; then what `down` cannot or must not remove."""
    with livestack.place() as root:
        stack = Live(root / "tiny").write(SMALL)
        unchanged = Unchanged(root)
        for what in losses(stack):
            stack.write(SMALL)
            stack.stack("up", "--quiet")
            losses(stack)[what]()
            said = stack.down()
            assert "nothing left" in said
            stack.write(SMALL)
            unchanged.check(what)
            livestack.report(loss=what)
        deleted(stack)
        unchanged.check("a deleted folder")
        if os.geteuid() == 0:  # nobody else may mount, or enter another's namespace
            mounted(stack)
            unchanged.check("a mount")
            protected(stack)
            unchanged.check("a process that cannot be killed")


def deleted(stack: Live) -> None:
    """Folder deleted, then `up` again: a new stack, and nothing runs on of the old one; `down` finds it there too."""
    stack.stack("up", "--quiet")
    old = [proc.pid for proc in stack.marked()]
    shutil.rmtree(stack.root.parent)
    stack.stack("up", "--quiet")
    assert not [pid for pid in old if process.look(pid)]
    assert stack.processes()["database/main"]["state"] == "up"
    shutil.rmtree(stack.root.parent)
    assert "nothing left" in stack.stack("down")  # not by name: from its folder, where the manifest is


def mounted(stack: Live) -> None:
    """A mount in the workspace is not ours to take away: exit 4, named with what to type, and nothing deleted in it."""
    stack.stack("up", "--quiet")
    inside = stack.root / "jobs/inside"
    inside.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(inside)], check=True)
    (inside / "precious").touch()
    said = stack.down(code=4)
    assert f"umount {inside}" in said
    assert (inside / "precious").exists()
    subprocess.run(["umount", str(inside)], check=True)
    stack.down()


def protected(stack: Live) -> None:
    """A process with our mark that the kernel protects, process 1: exit 4, named, nothing deleted."""
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-c", INIT]
    outer = subprocess.Popen(words)
    try:
        init = until(lambda: process.descendants(outer.pid))[0].pid
        stack.prefix = ("nsenter", "--target", str(init), "--pid", "--mount", f"--wd={stack.folder}")
        stack.stack("up", "--quiet")
        before = resource.prlimit(init, resource.RLIMIT_RTTIME, (stack.watermark(), resource.RLIM_INFINITY))
        said = stack.down(code=4)
        assert "carries the stack's watermark\n    kill -9 1\n" in said
        assert stack.root.exists()
        resource.prlimit(init, resource.RLIMIT_RTTIME, before)
        assert "nothing left" in stack.down()
    finally:
        outer.kill()
        outer.wait()
    stack.prefix = ()


def test_whatever_is_lost(tmp_path: Path) -> None:
    """Without its state, journals, workspace, manifest or processes, `down NAME` exits 0 and nothing is left."""
    stack = Live(tmp_path).write(SMALL)
    livestack.warm(stack.folder / "stack.yaml")
    said = livestack.finished(livestack.alone(__file__))
    assert len(livestack.reports(said)) == len(losses(stack))


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder for stacks that know each other."""
    with livestack.place() as made:
        yield made


@contextmanager
def bystanders(stack: Live) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes that look as if they were of the stack, and are a user's own."""
    data = stack.root / "plan.json"
    started = {
        "works beside the stack": subprocess.Popen(["sleep", "600"], cwd=stack.folder),
        "has the same name": subprocess.Popen(["stack-keeper", "600"], executable=shutil.which("sleep"), cwd="/"),
        "has the stack's variables": subprocess.Popen(["sleep", "600"], env={**os.environ, "STACK_NAME": stack.name}),
        "names the stack": subprocess.Popen([sys.executable, "-c", "input()", str(stack.root)], stdin=subprocess.PIPE),
        "reads its files": subprocess.Popen(["tail", "-f", str(data)], stdout=subprocess.DEVNULL),
    }
    try:
        yield started
    finally:
        for bystander in started.values():
            bystander.kill()
            bystander.wait()


def test_look_alikes_are_not_touched(root: Path) -> None:
    """`down` ends what leaked from the stack, and neither another stack nor what only resembles its processes."""
    with livestack.live(root, layers=SMALL) as one, livestack.live(root, f"{one.name}-more", SMALL) as more:
        one.stack("up", "--quiet")
        more.stack("up", "--quiet")
        pids = more.pids()
        leak = {"PATH": os.environ["PATH"], "STACK_ID": json.loads((one.root / "stack.json").read_text())["id"]}
        leaked = subprocess.Popen(["sleep", "600"], cwd="/", env=leak, start_new_session=True)
        with bystanders(one) as started:
            said = one.down()
            assert [what for what, who in started.items() if who.poll() is not None] == []
        assert f"{leaked.pid} (sleep)" in said
        assert leaked.wait(1) == -signal.SIGTERM
        assert not one.root.exists()
        assert more.pids() == pids
        assert more.processes()["database/main"]["state"] == "up"


def test_keep_data(root: Path) -> None:
    """`down --keep-data` ends everything and keeps data and secrets: the next `up` has the rows that were written."""
    with livestack.live(root, layers=SMALL) as stack:
        stack.stack("up", "--quiet")
        stack.stack("exec", "--", "python", "-c", SQL, WRITE)
        secrets = (stack.root / "secrets.json").read_bytes()
        number = stack.watermark()
        said = stack.down("--keep-data")
        assert "nothing left" in said
        assert [pid for pid in process.snapshot() if process.watermark(pid) == number] == []
        assert "down" in stack.stack("list")
        stack.stack("up", "--quiet")
        assert (stack.root / "secrets.json").read_bytes() == secrets
        assert "rows: [41, 42]" in stack.stack("exec", "--", "python", "-c", SQL, "select n from kept order by n")
        stack.down()
        assert not stack.root.exists()


if __name__ == "__main__":
    lost()
