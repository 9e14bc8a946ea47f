"""The questions of readiness as a program, which is how containers are asked from inside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from stackwright.runtime import asking


def ask(spec: dict[str, Any], *seconds: str) -> tuple[int, str]:
    words = [sys.executable, "-I", "-S", asking.__file__, json.dumps(spec), *seconds]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.strip()


def test_alone() -> None:
    """It needs the standard library only, so it can be copied anywhere."""
    assert ask({"command": ["true"]}) == (0, "")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"command": ["sh", "-c", "echo no; exit 3"]}, "exited with status 3 (no)"),
        ({"command": ["no-such-program"]}, "cannot be run (No such file or directory)"),
        ({"tcp": "127.0.0.1:1"}, "does not answer (Connection refused)"),
        ({"http": "http://127.0.0.1:1/"}, "does not answer (Connection refused)"),
    ],
)
def test_problems(spec: dict[str, Any], problem: str) -> None:
    """What is wrong is one line, and the status says that something is."""
    assert ask(spec) == (1, problem)


def test_it_asks_until_its_time_is_over() -> None:
    """With a time it asks again and again, and says at the end what was missing."""
    began = time.monotonic()

    assert ask({"tcp": "127.0.0.1:1"}, "0.5") == (1, "does not answer (Connection refused)")
    assert 0.5 <= time.monotonic() - began < 5
