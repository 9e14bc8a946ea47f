"""What `--help` teaches."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from stackwright import app
from stackwright.commands import SUMMARIES

ALL = [
    *SUMMARIES,
    *(f"catalog {name}" for name in ("list", "show", "new", "check", "lock", "prove", "trust")),
    *(f"cache {name}" for name in ("dir", "size", "prefetch", "prune")),
]


@pytest.mark.parametrize("command", ["", *ALL])
def test_help(command: str, stack: Any, snapshot: Any) -> None:
    """Help is plain text on stdout, at most 80 columns wide, and comes with an example."""
    answer = stack(*command.split(), "--help")
    assert (answer.code, answer.err) == (0, "")
    assert max(map(len, answer.out.splitlines())) <= 80
    assert re.search(rf"(?m)^      .*\bstack {command}".rstrip(), answer.out)
    snapshot(f"help-{command.replace(' ', '-') or 'stack'}", answer.out)


def test_help_without_a_command(stack: Any) -> None:
    """`stack` and `stack catalog` alone show their help, and that is no mistake."""
    assert stack() == stack("--help")
    assert stack("catalog") == stack("catalog", "--help")


def test_summaries_are_what_help_says() -> None:
    """The table that the main help shows and the first sentence of each command's own help are the same."""
    main: Any = typer.main.get_command(app.app)
    for name, summary in SUMMARIES.items():
        assert main.get_command(None, name).help.splitlines()[0] == summary


def test_version(stack: Any) -> None:
    """`--version` says which one it is."""
    from stackwright import __version__

    assert stack("--version").out == f"stackwright {__version__}\n"
