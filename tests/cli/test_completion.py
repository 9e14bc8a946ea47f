"""What a shell is told when somebody presses Tab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stackwright.runtime.workspace import Workspace


def _completed(words: str) -> list[str]:
    """What bash would offer for the last word."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_STACK_COMPLETE": "complete_bash"}
    command = [sys.executable, "-m", "stackwright"]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("stack va", ["validate"]),
        ("stack cache p", ["prefetch", "prune"]),
        ("stack up --qui", ["--quiet"]),
        ("stack down chu", ["churn"]),
        ("stack exec --stack c", ["churn"]),
    ],
)
def test_tab(user_folders: Path, words: str, offered: list[str]) -> None:
    """Commands, those of groups, options, and the names of this user's stacks."""
    Workspace.create(user_folders / ".stack" / "churn", "churn", str(user_folders / "stack.yaml"))
    assert _completed(words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(shell: str, stack: object) -> None:
    """Each shell gets a script that asks `stack`."""
    answer = stack("completion", shell)  # type: ignore[operator]
    assert answer.code == 0
    assert f"_STACK_COMPLETE=complete_{shell}" in answer.out
