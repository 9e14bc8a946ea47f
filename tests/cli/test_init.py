"""`stack init` with the blueprints and tools that ship with Stackwright."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

BY_HAND = "# by hand\n"


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody at a terminal who answers every question so."""

    def answers(text: str) -> None:
        import typer

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setattr("stackwright.views.terminal.has_colour", lambda stream: False)
        monkeypatch.setattr(typer, "prompt", lambda question, default, **_: default)  # Enter, every time
        monkeypatch.setattr(typer, "confirm", lambda question, default: (text or "ny"[default]) == "y")

    return answers


def test_writes(stack: Any, here: Path) -> None:
    """With a name the manifest is in a new folder of that name, without one in this folder; it is valid."""
    assert stack("init", "churn").code == 0
    assert stack("init", "--json").code == 0
    assert {str(file.relative_to(here)) for file in here.rglob("*")} == {"churn", "churn/stack.yaml", "stack.yaml"}
    assert stack("validate", "-f", "churn").code == 0
    assert stack("validate").code == 0


def test_names_the_file(stack: Any, here: Path) -> None:
    """A program gets the file's path."""
    file = json.loads(stack("init", "churn", "--json").out)["result"]["file"]
    assert (here / file).is_file()


def test_never_overwrites(stack: Any, here: Path) -> None:
    """A manifest that is there stays as it is, and exit code 2 says so; --force replaces it."""
    (here / "stack.yaml").write_text(BY_HAND)
    assert stack("init").code == 2
    assert (here / "stack.yaml").read_text() == BY_HAND
    assert stack("init", "--force").code == 0
    assert (here / "stack.yaml").read_text() != BY_HAND


def test_shows_and_asks(stack: Any, here: Path, person: Any) -> None:
    """On a terminal the whole file is shown before it is written; `no` writes nothing and leaves no folder."""
    person("n")
    answer = stack("init", "churn")
    assert (answer.code, answer.err.splitlines()[-1]) == (1, "Nothing was written.")
    assert "name: churn" in answer.out and "Blueprints" in answer.out
    assert list(here.iterdir()) == []
    person("y")
    assert stack("init", "churn").code == 0
    assert (here / "churn/stack.yaml").is_file()


def test_asks_with_care(stack: Any, here: Path, person: Any) -> None:
    """Enter alone writes a new file, but does not replace one; an existing one is refused before anything is asked."""
    person("")
    assert stack("init").code == 0
    (here / "stack.yaml").write_text(BY_HAND)
    assert stack("init", "--force").code == 1
    refused = stack("init")
    assert (refused.code, refused.out) == (2, "")
    assert (here / "stack.yaml").read_text() == BY_HAND


def test_does_not_ask_with_yes(stack: Any, here: Path, person: Any) -> None:
    """--yes, --json and --quiet write at once."""
    person("n")
    for name, option in (("a", "--yes"), ("b", "--json"), ("c", "--quiet")):
        assert stack("init", name, option).code == 0
        assert (here / name / "stack.yaml").is_file()
