"""The journal: on disk before the act, readable whatever happened to its writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stackwright.runtime import journal, process
from stackwright.runtime.journal import Journal


def test_lines_are_numbered_on_across_writers(tmp_path: Path) -> None:
    """A later writer of the same file goes on counting."""
    for _ in range(2):
        writer = Journal(tmp_path / "j" / "client.jsonl")
        writer.write("intent", "process", "db", "db/main", hash="x")
        writer.write("done", "process", "db")
    entries = journal.read(tmp_path / "j" / "client.jsonl")
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]
    first = {"v": 1, "seq": 1, "op": "intent", "kind": "process", "component": "db", "id": "db/main", "hash": "x"}
    assert entries[0] == first


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    """Cut at any byte, the whole lines before are read, and what is written after is not swallowed."""
    path = tmp_path / "j.jsonl"
    writer = Journal(path)
    for number in range(3):
        writer.write("intent", "process", "db", f"n{number}")
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        Journal(path).write("done", "process", "db", "new")
        ids = [entry["id"] for entry in journal.read(path)]
        complete = (whole[:cut] + b"\n").count(b"}\n")  # without its newline a line is whole as well
        assert ids == [f"n{number}" for number in range(complete)] + ["new"], cut


def test_garbage_is_not_an_entry(tmp_path: Path) -> None:
    """Binary noise, JSON that is no object, a missing file: nothing is raised."""
    (tmp_path / "j").write_bytes(b'\xff\xfe\n[1]\n"x"\n\n{"op": "done", "pid": "no"}\n')
    assert journal.read(tmp_path / "j") == [{"op": "done", "pid": "no"}]
    assert journal.identities(journal.read(tmp_path / "j")) == {}
    assert journal.read(tmp_path / "missing") == []


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    """64 threads, one writer: every line there once, the numbers without a gap."""
    writer = Journal(tmp_path / "j")
    with ThreadPoolExecutor(64) as pool:
        list(pool.map(lambda n: writer.write("intent", "process", "db", f"n{n}"), range(200)))
    entries = journal.read(tmp_path / "j")
    assert {entry["id"] for entry in entries} == {f"n{n}" for n in range(200)}
    assert [entry["seq"] for entry in entries] == list(range(1, 201))


def test_a_process_is_named_for_ever(tmp_path: Path) -> None:
    """A spawned entry leads back to exactly the process it was written for."""
    Journal(tmp_path / "j").spawned("worker", "db", "db/w", os.getpid())
    assert list(journal.identities(journal.read(tmp_path / "j"))) == [process.myself()]


def test_the_seam_kills_right_after_the_nth_write(tmp_path: Path) -> None:
    """STACK_TEST_KILL_AT=2: two lines are on disk, the third never is."""
    program = (
        "import sys; from stackwright.runtime.journal import Journal\n"
        "for n in range(3): Journal(sys.argv[1] + str(n % 2)).write('intent', 'process', 'db', str(n))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "j")], env={**os.environ, journal.KILL_AT: "2"}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert [len(journal.read(tmp_path / f"j{n}")) for n in (0, 1)] == [1, 1]


def test_compacting_keeps_what_matters_and_goes_on(tmp_path: Path) -> None:
    """A journal that grew too long loses what is refused and nothing else; numbers and writer go on."""
    writer = Journal(tmp_path / "j")
    for number in range(10):
        writer.write("seen" if number % 2 else "spawned", "process", "db", str(number))
    writer.compact(lambda entry: entry["op"] != "seen", limit=1 << 20)
    assert len(journal.read(tmp_path / "j")) == 10
    writer.compact(lambda entry: entry["op"] != "seen", limit=100)
    writer.write("done", "process", "db", "last")
    assert [entry["id"] for entry in journal.read(tmp_path / "j")] == ["0", "2", "4", "6", "8", "last"]
    assert journal.read(tmp_path / "j")[-1]["seq"] == 11
