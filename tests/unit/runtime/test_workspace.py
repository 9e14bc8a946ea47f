"""Workspace, index and lock."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import keeping
from stackwright.errors import Exit, StackError
from stackwright.runtime import process, workspace
from stackwright.runtime.workspace import Workspace, lock, mark_self


@pytest.fixture
def ws(user_folders: Path) -> Workspace:
    return Workspace.create(user_folders / ".stack" / "demo", "demo", "stack.yaml")


def code(error: pytest.ExceptionInfo[StackError]) -> str:
    return error.value.diagnostics[0].code


def test_a_workspace_is_private_and_known(ws: Workspace) -> None:
    """Folder 0700, ignored by git, and found by name, id and place; the two descriptions are the same."""
    assert stat.S_IMODE(ws.root.stat().st_mode) == 0o700
    assert (ws.root / ".gitignore").read_text() == "*\n"
    assert Workspace.open(ws.root) == Workspace.find("demo") == Workspace.find(ws.id) == ws
    assert Workspace.all() == [ws]
    (entry,) = (ws.root.parents[1] / "state" / "stacks").glob("*.json")
    assert entry.read_bytes() == (ws.root / "stack.json").read_bytes()
    assert set(json.loads(entry.read_bytes())) == {
        "v", "id", "name", "watermark", "manifest", "workspace", "folders", "created",
    }  # fmt: skip
    assert 10**15 <= ws.watermark < 10**15 + 2**40


def test_creating_again_finds_the_same_stack(ws: Workspace) -> None:
    """Whichever of the two descriptions was lost, id and watermark stay: what runs must not become a stranger."""
    assert Workspace.create(ws.root, "demo", "stack.yaml") == ws
    (ws.root / "stack.json").write_text("{")
    assert Workspace.open(ws.root) == ws
    assert Workspace.create(ws.root, "demo", "stack.yaml") == ws
    for entry in (ws.root.parents[1] / "state" / "stacks").glob("*.json"):
        entry.unlink()
    assert Workspace.create(ws.root, "demo", "stack.yaml") == ws
    assert Workspace.find("demo") == ws


def test_a_deleted_workspace_is_still_known(ws: Workspace) -> None:
    """`down NAME` must work after `rm -rf .stack`: watermark and folders come from the index."""
    subprocess.run(["rm", "-rf", str(ws.root)], check=True)
    assert Workspace.find("demo") == ws
    with lock(ws, "stack down"):
        ws.forget()
    assert Workspace.all() == []


def test_a_name_is_unique_while_it_lives(ws: Workspace, tmp_path: Path) -> None:
    """The same name elsewhere is refused with the place of the other, and free once that is gone."""
    elsewhere = tmp_path / "other" / ".stack" / "demo"
    with pytest.raises(StackError) as caught:
        Workspace.create(elsewhere, "demo", "other.yaml")
    assert (code(caught), caught.value.exit_code) == ("L003", Exit.USAGE)
    assert str(ws.root) in caught.value.diagnostics[0].detail
    subprocess.run(["rm", "-rf", str(ws.root)], check=True)
    with mark_self(ws):
        runs = subprocess.Popen(["sleep", "100"])
    with pytest.raises(StackError):
        Workspace.create(elsewhere, "demo", "other.yaml")
    runs.kill()
    runs.wait()
    assert Workspace.create(elsewhere, "demo", "other.yaml").id != ws.id
    assert [entry.root for entry in Workspace.all()] == [elsewhere]


def test_an_unknown_stack_says_what_to_type(user_folders: Path) -> None:
    """Neither a name nor a folder that is not a stack's ends in a traceback."""
    for attempt in (lambda: Workspace.find("nope"), lambda: Workspace.open(user_folders)):
        with pytest.raises(StackError) as caught:
            attempt()
        assert code(caught) == "L002"
        assert "stack list" in caught.value.diagnostics[0].hint


def test_forget_takes_everything_that_is_the_stacks(ws: Workspace, tmp_path: Path) -> None:
    """Read-only folders, folders outside and links go; what a link leads to, and the neighbour, stay."""
    other = Workspace.create(ws.root.parent / "other", "other", "stack.yaml")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("x")
    locked = ws.components / "db" / "data"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x")
    (locked / "link").symlink_to(precious)
    for folder in (locked, locked.parent):
        folder.chmod(0o500)
    ws.forget()
    assert not ws.root.exists()
    assert not any(Path(folder).exists() for folder in ws.folders)
    assert (precious / "data").read_text() == "x"
    assert Workspace.all() == [other]
    other.forget()
    assert not ws.root.parent.exists()


def test_forget_spares_another_stack_that_took_the_place(ws: Workspace) -> None:
    """An old entry must not delete what now lives in its folder."""
    text = json.loads((ws.root / "stack.json").read_bytes())
    (ws.root / "stack.json").write_text(json.dumps({**text, "id": "demo-ffffff"}))
    ws.forget()
    assert (ws.root / "stack.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts something")
def test_forget_never_deletes_what_is_mounted(ws: Workspace, tmp_path: Path) -> None:
    """A folder bound into the workspace holds somebody's data."""
    precious, point = tmp_path / "precious", ws.root / "with space"
    for folder in (precious, point):
        folder.mkdir()
    (precious / "data").write_text("x")
    subprocess.run(["mount", "--bind", str(precious), str(point)], check=True)
    try:
        with pytest.raises(StackError) as caught:
            ws.forget()
        assert code(caught) == "L004"
        assert str(point) in caught.value.diagnostics[0].detail
        assert (precious / "data").read_text() == "x"
    finally:
        subprocess.run(["umount", str(point)], check=True)


HOLD = """
import sys, time; from pathlib import Path; from stackwright.runtime.workspace import Workspace, lock
with lock(Workspace.open(Path(sys.argv[1])), "stack up"): print("held", flush=True); time.sleep(100)
"""


def test_the_second_command_is_told_who_is_first(ws: Workspace) -> None:
    """Within a second, exit code 5, and the holder by name; a killed holder is in nobody's way."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(ws.root)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    began = time.monotonic()
    with pytest.raises(StackError) as caught, lock(ws, "stack down"):
        pass
    assert time.monotonic() - began < 1
    assert (code(caught), caught.value.exit_code) == ("L001", Exit.LOCKED)
    detail = caught.value.diagnostics[0].detail
    assert "`stack up`" in detail
    assert str(holder.pid) in detail
    assert os.uname().nodename in detail
    keeping.kill(holder.pid)
    holder.wait()
    with lock(ws, "stack down"):
        pass


def test_of_many_at_once_one_wins(ws: Workspace) -> None:
    """Twenty commands at the same moment: one holds the lock, nineteen learn that."""
    go = ws.root / "go"
    program = (
        "import sys, time; from pathlib import Path; from stackwright.errors import StackError\n"
        "from stackwright.runtime.workspace import Workspace, lock\n"
        "ws = Workspace.open(Path(sys.argv[1]))\n"
        "while not Path(sys.argv[2]).exists(): time.sleep(0.005)\n"
        "try:\n"
        "    with lock(ws, 'stack up'): time.sleep(2)\n"
        "except StackError as error: sys.exit(error.exit_code)"
    )
    racers = [subprocess.Popen([sys.executable, "-c", program, str(ws.root), str(go)]) for _ in range(20)]
    time.sleep(3)
    go.touch()
    assert sorted(racer.wait() for racer in racers) == [0] + [5] * 19


def test_the_lock_outlives_its_workspace(ws: Workspace) -> None:
    """`down` deletes the folder its lock lies in; whoever comes next starts anew, and is the holder from then on."""
    with lock(ws, "stack down"):
        ws.forget()
        assert not ws.root.exists()
        with lock(ws, "stack up"), pytest.raises(StackError) as caught, lock(ws, "stack smoke"):
            pass
    assert code(caught) == "L001"
    assert "`stack up`" in caught.value.diagnostics[0].detail


def test_a_mark_is_taken_off_again(ws: Workspace) -> None:
    """What is started under the mark keeps it; a process that lives on does not."""
    with mark_self(ws):
        child = subprocess.Popen(["sleep", "100"])
        assert process.watermark(os.getpid()) == ws.watermark
    assert process.watermark(os.getpid()) is None
    assert process.watermark(child.pid) == ws.watermark
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


def test_a_state_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the folder and the variable that moves it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(StackError) as caught:
        Workspace.create(tmp_path / "ws", "demo", "stack.yaml")
    assert code(caught) == "L005"
    assert "STACK_STATE_DIR" in caught.value.diagnostics[0].hint
    assert not (tmp_path / "ws").exists()


def test_mounts_are_found_by_place_not_by_prefix(tmp_path: Path) -> None:
    """`/a/bc` is not below `/a/b`."""
    assert "/proc" in workspace.mounts_below([Path("/")])
    assert workspace.mounts_below([Path("/pro")]) == []
