"""Terraform's JSON lines as changes and diagnostics."""

import json
from pathlib import Path
from typing import Any

import pytest

from stackwright.engine.events import Said
from stackwright.errors import Diagnostic, StackError
from stackwright.model.report import Change


def _said(path: Path, *lines: Any) -> Said:
    (path / "log").write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
    return Said.read(path / "log")


def _planned(addr: str, kind: str, action: str) -> dict[str, Any]:
    resource = {"addr": addr, "resource_type": f"stackwright_{kind}"}
    return {"type": "planned_change", "change": {"resource": resource, "action": action}}


def _error(summary: str, detail: str = "") -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail}}


def test_changes(tmp_path: Path) -> None:
    """Each planned change names its thing by our words, and the provider's reason; a no-op is no change."""
    said = _said(
        tmp_path,
        _planned("module.labeling__store.stackwright_process.this", "process", "create"),
        _planned("module.grant--a__db.stackwright_grant.this", "grant", "update"),
        _planned("module.environment--x-1.stackwright_environment.this", "environment", "delete"),
        _planned("module.a.stackwright_process.this", "process", "noop"),
    )

    assert said.changes({("process", "labeling.store"): "it is no longer running"}) == [
        Change("labeling.store", "process", "add", "it is no longer running"),
        Change("a.db", "grant", "change"),
        Change("x-1", "environment", "destroy"),
    ]


def test_provider_errors_come_whole(tmp_path: Path) -> None:
    """An error of our provider is the very diagnostic it raised, once, however Terraform worded it."""
    raised = StackError(Diagnostic("X1", "it failed", "a\nb", hint="do\n    this"))
    said = _said(tmp_path, _error("X1: it failed [failure 0]", "wrapped"), _error("X1: it failed [failure 0]"))

    assert said.diagnostics([raised]) == list(raised.diagnostics)


def test_terraforms_own_errors(tmp_path: Path) -> None:
    """An error of Terraform itself keeps its words."""
    found = _said(tmp_path, _error("Error acquiring the state lock", "held by x")).diagnostics([])

    assert "Error acquiring the state lock" in found[0].detail
    assert "held by x" in found[0].detail


def test_a_bug_stays_a_bug(tmp_path: Path) -> None:
    """An unexpected exception in the provider is raised again where the command can report it."""
    with pytest.raises(ZeroDivisionError):
        _said(tmp_path, _error("E: x [failure 0]")).diagnostics([ZeroDivisionError()])


def test_what_is_not_json(tmp_path: Path) -> None:
    """A crash's text is kept; a torn or odd line does no harm."""
    said = _said(tmp_path, "panic: oh", "", "17", '{"type": "diag')

    assert said.noise.splitlines() == ["panic: oh", "17", '{"type": "diag']
    assert said.changes({}) == []
