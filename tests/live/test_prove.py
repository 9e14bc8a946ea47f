"""A stranger's catalog, from nothing to a proven tool, with the real command line."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import livestack
from livestack import Live
from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import verdict
from stackwright.runtime import process

pytestmark = pytest.mark.live

TOOL = """\
about: Tables in files.
home: https://example.org/notes
license: Apache-2.0
kind: library
layers: {database: full}
version: "1.0.0"
"""
RECIPE = """\
install: {}
env: {NOTES: "{{ data_dir }}/tables"}
"""
SMOKE = '''\
"""Tables in files of JSON."""

import json
import time
from pathlib import Path


def write_rows(ctx, table, rows):
    """Keep them."""
    folder = Path(ctx.env["NOTES"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / table).write_text(json.dumps(rows))
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All of them."""
    return {"rows": json.loads((Path(ctx.env["NOTES"]) / table).read_text())}
'''
FORGETFUL = SMOKE.replace(".read_text())}", ".read_text())[:-1]}")
SLOW = SMOKE.replace('    """Keep them."""\n', "    time.sleep(60)\n")


@pytest.fixture
def stranger() -> Iterator[Live]:
    """A folder with a catalog `mine`, and the user's own state."""
    with livestack.place() as place:
        home = Live(place / "home", "stranger")
        for name in ("notes", "notes-too"):
            entry = home.folder / "mine" / name
            entry.mkdir(parents=True)
            for file, text in (("tool.yaml", TOOL), ("recipe.yaml", RECIPE), ("smoke.py", SMOKE)):
                (entry / file).write_text(text)
        yield home


def seen(stranger: Live) -> str:
    """What is claimed of the tool."""
    shipped = Catalog.shipped().folders
    return verdict(Catalog((*shipped, stranger.folder / "mine")), "notes").state


def test_from_nothing_to_a_proven_tool(stranger: Live) -> None:
    """Checked, refused until it is trusted, proven; a change is refused, and one that breaks it is told by its step."""
    mine = ("--catalog", "mine")
    stranger.stack("catalog", "check", *mine)
    assert "U030" in stranger.stack("catalog", "prove", "notes", *mine, code=2)
    stranger.stack("catalog", "trust", "mine")
    assert "nothing left" not in stranger.stack("catalog", "prove", "notes", *mine)
    assert seen(stranger) == "proven"
    proof = stranger.folder / "mine/notes/proof/process.json"
    steps = json.loads(proof.read_text())["steps"]
    assert {(step["layer"], step["state"]) for step in steps} == {("database", "passed")}
    assert not [word for word in (str(stranger.folder), "/home", "127.0.0.1") if word in proof.read_text()]
    assert "Nothing to prove" in stranger.stack("catalog", "prove", "--changed", "notes", *mine)

    (stranger.folder / "mine/notes/smoke.py").write_text(FORGETFUL)
    assert seen(stranger) == "stale"
    assert "U031" in stranger.stack("catalog", "prove", "notes", *mine, code=2)
    stranger.stack("catalog", "trust", "mine", "--always")
    before = proof.read_text()
    said = stranger.stack("catalog", "prove", "--all", *mine, code=1)
    assert "S031" in said and "rows written and read" in said and "1 of 2 tools proven" in said
    assert proof.read_text() == before  # a failure proves nothing, and unproves nothing
    assert stranger.stack("list").startswith("No stacks")


def test_a_stack_of_a_strangers_tool(stranger: Live) -> None:
    """`catalogs:` in a manifest: up, smoke and down as with any other tool; smoke runs only what was trusted."""
    manifest = {"name": livestack.NAME, "catalogs": ["mine"], "layers": {"database": "notes"}}
    (stranger.folder / "stack.yaml").write_text(json.dumps(manifest))
    assert "U030" in stranger.stack("up", code=2)
    stranger.stack("catalog", "trust", "mine")
    stranger.stack("up")
    try:
        assert "passed" in stranger.stack("smoke")
        (stranger.folder / "mine/notes/smoke.py").write_text(FORGETFUL)
        assert "U031" in stranger.stack("smoke", code=2)
    finally:
        stranger.stack("down")


def speaking(stranger: Live, jobs: int) -> tuple[subprocess.Popen[str], set[int]]:
    """A command that proves as many tools at a time, all in the middle of a verb; and its stacks' watermarks."""
    for name in ("notes", "notes-too"):
        (stranger.folder / f"mine/{name}/smoke.py").write_text(SLOW)
    stranger.stack("catalog", "trust", "mine", "--always")
    command = stranger.start("catalog", "prove", "--all", "--jobs", str(jobs), "--catalog", "mine")
    index = stranger.folder.parent / "state/stacks"

    def marks() -> set[int]:
        return {json.loads(entry.read_text())["watermark"] for entry in index.glob("*.json")}

    def workers() -> int:
        files = [Path(f"/proc/{pid}/cmdline") for pid in process.snapshot() if process.watermark(pid) in marks()]
        return sum(b"stackwright_job.worker" in file.read_bytes() for file in files if file.exists())

    livestack.until(lambda: workers() == jobs, 120)
    time.sleep(0.5)
    return command, marks()


@pytest.mark.skipif(not process.LINUX, reason="looks for watermarks")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_proof_cleans_up(stranger: Live, jobs: int) -> None:
    """Ctrl-C in the middle of a verb: exit code 130, and neither stack is left, nor a process of theirs."""
    command, marks = speaking(stranger, jobs)
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)
    assert command.returncode == 130
    assert stranger.stack("list").startswith("No stacks")
    assert [proc for proc in process.snapshot().values() if process.watermark(proc.pid) in marks] == []
    assert not list((stranger.folder.parent / "state").glob("prove-*"))


@pytest.mark.skipif(not process.LINUX, reason="looks for watermarks")
def test_what_a_killed_proof_left_goes_with_the_next(stranger: Live) -> None:
    """Killed in the middle of a verb, it leaves a stack that the next proof of the tool takes down first."""
    command, _ = speaking(stranger, 1)
    command.kill()
    command.communicate(timeout=60)
    assert "prove-notes" in stranger.stack("list")
    (stranger.folder / "mine/notes/smoke.py").write_text(SMOKE)
    stranger.stack("catalog", "prove", "notes", "--catalog", "mine")
    assert stranger.stack("list").startswith("No stacks")


def test_a_new_entry_is_ones_own(stranger: Live) -> None:
    """`new` makes the catalog, locks a real package, passes `check`, and may be proven without more words."""
    stranger.stack("catalog", "new", "sixer", "--layer", "audit", "--package", "six==1.17.0", "--catalog", "own")
    assert (stranger.folder / "own/sixer/lock.txt").read_text().startswith("six==1.17.0")
    stranger.stack("catalog", "check", "--catalog", "own")
    said = stranger.stack("catalog", "prove", "sixer", "--catalog", "own", code=1)
    assert "S031" in said and "record is to be written" in said and "--keep" in said


def test_a_failed_proof_can_be_looked_at(stranger: Live) -> None:
    """With `--keep` the stack of a tool that failed stays, for every other command; without failure nothing stays."""
    words = ("catalog", "prove", "notes", "--keep", "--catalog", "mine")
    stranger.stack("catalog", "trust", "mine", "--always")
    stranger.stack(*words)
    assert stranger.stack("list").startswith("No stacks")
    (stranger.folder / "mine/notes/smoke.py").write_text(FORGETFUL)
    stranger.stack(*words, code=1)
    assert "notes" in stranger.stack("status", "prove-notes")
    stranger.stack("down", "prove-notes")
    assert stranger.stack("list").startswith("No stacks")
    assert not list((stranger.folder.parent / "state").glob("prove-*"))
