"""What processes cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stackwright.runtime import process, usage

BUSY = """
import subprocess, sys
x = [bytes(1 << 20) for _ in range(30)]
subprocess.run([sys.executable, "-c", "for _ in range(3_000_000): pass"])
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not process.LINUX, reason="looks into /proc")
def test_a_process_and_its_children_are_counted() -> None:
    """Also the time of children that have ended; memory that was touched."""
    words = [sys.executable, "-c", BUSY]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout and child.stdin
        child.stdout.readline()
        assert usage.cpu([child.pid]) > 0.03
        assert (usage.memory([child.pid]) or 0) > 4 << 20
        child.stdin.close()
    assert usage.cpu([child.pid]) == 0.0


def test_nothing_is_known_of_nobody() -> None:
    """Without a process there is no figure, rather than a nought."""
    assert usage.memory([]) is None


def test_a_linked_file_counts_once(tmp_path: Path) -> None:
    """Environments share files with each other by hard links."""
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to("a")
    assert 1000 <= usage.size(tmp_path) < 1100
