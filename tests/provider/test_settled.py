"""An `up` that would change nothing starts no Terraform; whatever could make a change does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from stackwright.runtime import component, install

if TYPE_CHECKING:
    from conftest import Stack


def _applied(stack: Stack) -> int:
    """How often Terraform was started to apply."""
    lines = [json.loads(line) for line in (stack.workspace.root / "journal/client.jsonl").read_text().splitlines()]
    return sum(line["op"] == "intent" and line["kind"] == "terraform" and line["id"] == "apply" for line in lines)


def _kill(stack: Stack) -> None:
    component.stop(stack.workspace, "database", lambda *_: None)


def _edit_root(stack: Stack) -> None:
    file = stack.workspace.terraform / "main.tf"
    stack.specs["database"]["env"] = {"ADDED": "1"}
    assert "ADDED" not in file.read_text()


def _edit_state(stack: Stack) -> None:
    file = stack.workspace.terraform / "terraform.tfstate"
    state = json.loads(file.read_text())
    state["resources"] = [r for r in state["resources"] if r["type"] != "stackwright_process"]
    state["serial"] += 1
    file.write_text(json.dumps(state))


def _lose_state(stack: Stack) -> None:
    (stack.workspace.terraform / "terraform.tfstate").unlink()


def _empty_the_cache(stack: Stack) -> None:
    (stack.prefix / install.MARKER).unlink()


def test_nothing_to_do_is_seen_without_terraform(stack: Stack) -> None:
    """The second `up` finds everything as it was, and Terraform is not started."""
    stack.add("database")
    stack.up()
    pids, before = stack.pids(), _applied(stack)

    assert stack.up() == []
    assert stack.pids() == pids
    assert _applied(stack) == before == 1


@pytest.mark.parametrize("change", [_kill, _edit_root, _edit_state, _lose_state, _empty_the_cache])
def test_whatever_changed_is_left_to_terraform(stack: Stack, change: Callable[[Stack], None]) -> None:
    """A dead process, another root, another state, none at all, an emptied cache: Terraform decides."""
    stack.add("database")
    stack.up()
    change(stack)

    stack.up()

    assert _applied(stack) == 2
    assert stack.pids()["database"]
    assert stack.changes() == []
