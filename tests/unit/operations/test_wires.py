"""What `up` makes of a component that keeps it waiting: the wire behind it is named, and nobody is blamed too early."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Event
from stackwright.operations import wires
from stackwright.operations.wires import WireWatch
from stackwright.runtime.workspace import Workspace

NOWHERE = Workspace(Path("nowhere"), "demo-000001", "demo", 0, "", "")
SLOW = Diagnostic("P112", "process did not become ready")


class Probes:
    """Stands in for the probes: which consumers' wires are broken."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.asked: list[set[str]] = []

    def __call__(self, _plan: Any, _workspace: Workspace, consumers: Collection[str]) -> list[Diagnostic]:
        self.asked.append(set(consumers))
        return [
            Diagnostic("P030", "wire does not answer", f"`{name}.store`")
            for name in sorted(self.broken & set(consumers))
        ]


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Probes:
    found = Probes("app")
    monkeypatch.setattr(wires, "broken_wires", found)
    return found


def watch() -> WireWatch:
    return WireWatch(None, NOWHERE, lambda event: None)  # type: ignore[arg-type]


def test_a_wire_that_fails_twice_ends_the_wait(probes: Probes) -> None:
    """The first word about a wait probes nothing, the second suspects, the third gives up and names the wire."""
    look = watch()
    look(Event("app", "starting"))
    look(Event("app", "waiting"))
    assert probes.asked == []
    look(Event("app", "waiting"))
    with pytest.raises(StackError) as caught:
        look(Event("app", "waiting"))
    assert [d.detail for d in caught.value.diagnostics] == ["`app.store`"]


def test_a_late_answer_is_forgiven(probes: Probes) -> None:
    """A wire that failed once and works the next time, as on a busy machine, ends nothing."""
    look = watch()
    for broken in ({"app"}, {"app"}, set(), {"app"}, set()):
        probes.broken = broken
        look(Event("app", "waiting"))
    assert len(probes.asked) == 4


def test_only_what_waits_is_looked_at(probes: Probes) -> None:
    """Others may be told of in between; a component that became ready is waited for anew."""
    look = watch()
    for event in (Event("app", "waiting"), Event("db", "waiting"), Event("app", "ready"), Event("app", "waiting")):
        look(event)
    assert probes.asked == []
    look(Event("app", "waiting"))
    assert probes.asked == [{"app"}]


def test_a_failure_is_told_behind_its_cause(probes: Probes) -> None:
    """What did not come up has its broken wires told first; what was ready or never began is not looked at."""
    look = watch()
    look(Event("db", "waiting"))
    look(Event("db", "ready"))
    look(Event("app", "starting"))
    error = look.explain(StackError(SLOW, Exit.FAILED))
    assert probes.asked == [{"app"}]
    assert [d.code for d in error.diagnostics] == ["P030", "P112"]
    assert error.exit_code is Exit.FAILED


def test_probes_that_cannot_run_hide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment of the probes is not installed yet, the failure is told as it is."""

    def absent(*_: Any) -> list[Diagnostic]:
        raise StackError(Diagnostic("S015", "environment is not there"))

    monkeypatch.setattr(wires, "broken_wires", absent)
    look = watch()
    look(Event("app", "waiting"))
    assert [d.code for d in look.explain(StackError(SLOW)).diagnostics] == ["P112"]
