"""What dies while a stack is up: restarted by its watchdog, shown by `status`, repaired by `up`; all else untouched."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

import livestack
from livestack import Live, until

pytestmark = livestack.FAULTS
WORKERS = {"tool": "dask", "settings": {"workers": 1}}


@pytest.fixture(scope="module")
def stack() -> Iterator[Live]:
    """A stack that stays up from test to test."""
    with (
        livestack.place() as root,
        livestack.live(root, layers={**livestack.LAYERS, "compute-engine": WORKERS}) as made,
    ):
        made.stack("up", "--quiet")
        yield made


def others(pids: dict[str, int], unit: str) -> dict[str, int]:
    """All but one process's."""
    return {name: pid for name, pid in pids.items() if name != unit}


def restarted(stack: Live, unit: str, old: int) -> int:
    """The pid of a process that was killed, once it runs again."""

    def new() -> int | None:
        shown = stack.processes()[unit]
        return shown["pid"] if shown["state"] == "up" and shown["pid"] != old else None

    return int(until(new))


@pytest.mark.parametrize("command", ["status", "up"])
def test_a_killed_keeper_is_started_by_the_next_command(stack: Live, command: str) -> None:
    """Keeper killed alone: the next command has another one, and no tool's pid changes."""
    pids, keeper = stack.pids(), stack.keeper()
    livestack.kill(keeper)
    stack.stack(command)
    assert stack.keeper() not in (0, keeper)
    assert stack.pids() == pids


def test_a_killed_component_is_restarted(stack: Live) -> None:
    """One death: the same component runs again by itself within a few seconds, counted, and nothing else notices."""
    pids = stack.pids()
    began = time.monotonic()
    livestack.kill(pids["storage/main"])
    restarted(stack, "storage/main", pids["storage/main"])
    assert time.monotonic() - began < 5
    shown = stack.processes()["storage/main"]
    assert (shown["restarts"], shown["reason"].split(" at ")[0]) == (1, "was killed by SIGKILL")
    assert others(stack.pids(), "storage/main") == others(pids, "storage/main")


def test_five_deaths_in_a_minute_are_told_and_repaired(stack: Live) -> None:
    """After the fifth death `status` says within 5 s that it is down and why; `up` repairs it and nothing else."""
    pids, victim = stack.pids(), "database/main"
    pid = pids[victim]
    for _ in range(4):
        livestack.kill(pid)
        pid = restarted(stack, victim, pid)
    livestack.kill(pid)
    died = time.monotonic()
    until(lambda: stack.processes()[victim]["state"] == "failed", 5)
    assert time.monotonic() - died < 5
    assert "was killed by SIGKILL" in (said := stack.stack("status", code=1))
    assert "5 times within 60 s" in said
    repaired = stack.answer("up")
    assert [(change["what"], change["kind"]) for change in repaired["changes"]] == [("database", "process")]
    assert others(stack.pids(), victim) == others(pids, victim)
    assert stack.processes()[victim]["state"] == "up"


def test_drift_is_shown_and_repaired(stack: Live) -> None:
    """Killed behind our back with its watchdog and the keeper: `status` shows it, `plan` too, `up` repairs only it."""
    pids, victim = stack.pids(), "storage/main"
    livestack.kill(stack.keeper(), stack.shim(victim), pids[victim])
    shown = stack.stack("status", code=1)
    assert "storage" in shown
    assert "killed" in shown
    assert [change["what"] for change in stack.answer("plan")["changes"]] == ["storage"]
    repaired = stack.answer("up")
    assert [(c["what"], c["kind"], c["why"]) for c in repaired["changes"]] == [
        ("storage", "process", "it is no longer running")
    ]
    assert others(stack.pids(), victim) == others(pids, victim)


def test_a_changed_setting_restarts_only_what_depends_on_it(stack: Live) -> None:
    """Another number of workers: the compute engine is started anew, with the new number, and nothing else."""
    pids = stack.pids()
    more = {"tool": "dask", "settings": {"workers": 2}}
    stack.write({**livestack.LAYERS, "compute-engine": more})
    changed = stack.answer("up")["changes"]
    assert [(c["what"], c["kind"], c["action"]) for c in changed] == [("compute-engine", "process", "change")]
    now = stack.pids()
    kept = {name for name in pids if not name.startswith("compute-engine/")}
    assert {name: now[name] for name in kept} == {name: pids[name] for name in kept}
    assert set(now) - kept == {"compute-engine/scheduler", "compute-engine/worker.0", "compute-engine/worker.1"}
    assert not set(now.values()) & {pids[name] for name in set(pids) - kept}
