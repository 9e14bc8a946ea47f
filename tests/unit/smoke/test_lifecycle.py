"""The lifecycle pipeline over a fake tool: honest, it passes; for each lie, the step that asserts it fails."""

from __future__ import annotations

import pytest

from stackwright.model.report import SmokeReport
from stackwright.smoke import run_smoke

from .conftest import CATALOG, LAYERS, SECRET, secrets

LIES = {
    "one version for all": ("data set versioned and read back", "one version"),
    "reads the latest version": ("data set versioned and read back", "came back changed"),
    "loses a row": ("rows written and read", "177 read"),
    "changes a column": ("rows written and read", "differ"),
    "cuts an object": ("object stored and fetched", "came back changed"),
    "lists nothing": ("object stored and fetched", "not listed"),
    "prepare fails": ("data job run by the orchestrator", "FAILED: exit 3"),
    "prepare says nothing": ("data job run by the orchestrator", "without a result"),
    "prepares other data": ("data job run by the orchestrator", "did not read what was versioned"),
    "train fails": ("training job run by the orchestrator", "boom"),
    "train says nothing": ("training job run by the orchestrator", "without a result"),
    "invents a worker": ("folds spread over workers", "ghost"),
    "one worker": ("folds spread over workers", "only 1 did any work"),
    "tags another run": ("run found in tracking", "STACK_RUN_ID"),
    "tags other workers": ("run found in tracking", "STACK_WORKERS"),
    "changes a parameter": ("run found in tracking", "parameter"),
    "changes a metric": ("run found in tracking", "accuracy"),
    "forgets artifacts": ("run found in tracking", "no artifact"),
    "stores another artifact": ("artifact found in object storage", "no object `model.bin`"),
    "registers over a version": ("model registered and fetched", "one version"),
    "fetches the latest": ("model registered and fetched", "not what was trained"),
    "serves the latest": ("model served, predictions equal", "45 of 45 predictions differ"),
    "serves version 7": ("model served, predictions equal", "version 7 is served"),
    "predicts something else": ("model served, predictions equal", "predictions differ"),
    "serves on": ("model served, predictions equal", "still served"),
    "finds good data bad": ("good data told from bad", "good data was flagged"),
    "finds all data good": ("good data told from bad", "was not noticed"),
    "names another column": ("good data told from bad", "named were: ash"),
    "rounds a feature": ("features served online", "online: `row0` has"),
    "finds nothing": ("registered model is clean", "passed"),
    "finds harm everywhere": ("registered model is clean", "was flagged"),
    "does not add up": ("predictions explained", "its attributions make"),
    "forgets a feature": ("predictions explained", "ranked are"),
    "flags everything": ("drift told from no drift", "same kind was flagged"),
    "flags nothing": ("drift told from no drift", "was not flagged"),
}


def smoke(plan, workspace) -> SmokeReport:
    return run_smoke(plan, workspace, secrets, "lifecycle", lambda event: None, catalog=CATALOG)


def test_honest_tools_pass(stack, workspace):
    """With honest tools every wire and every step of every layer passes."""
    report = smoke(stack(), workspace)
    assert [(step.name, step.detail) for step in report.steps if step.state != "passed"] == []
    assert {step.layer for step in report.steps} == set(LAYERS)
    assert all(wire.passed for wire in report.wires)
    assert len(report.wires) == len(LAYERS) + 1
    assert report.passed


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(stack, workspace, lie):
    """A tool that lies fails the step that asserts it, in words that say what does not hold."""
    report = smoke(stack(lie=lie), workspace)
    step, words = LIES[lie]
    failed = {found.name: found.detail for found in report.steps if found.state == "failed"}
    assert words in failed.get(step, ""), failed
    assert not report.passed


def test_absent_layers_are_skipped(stack, workspace):
    """A step whose layer is absent is skipped with its reason, and so is what needs it; the rest passes."""
    report = smoke(stack(("storage", "monitoring")), workspace)
    assert {step.layer: step.state for step in report.steps if step.state == "passed"} == {
        "storage": "passed",
        "monitoring": "passed",
    }
    reasons = {step.layer: step.detail for step in report.steps if step.state == "skipped"}
    assert reasons["database"] == "the stack has no `database`"
    assert reasons["serving"] == "the stack has no `serving`"
    assert report.passed


def test_a_stack_without_layers_does_not_pass(stack, workspace):
    """Where nothing passed, the report does not pass."""
    assert not smoke(stack(()), workspace).passed


def test_a_broken_wire_is_named(stack, workspace):
    """A broken wire fails the report by name, and its steps are skipped for it; nothing secret is shown."""
    plan = stack(("storage", "monitoring"))
    broken = plan.wires[0].model_copy(update={"fields": {**plan.wires[0].fields, "root": "/nowhere"}})
    plan = plan.model_copy(update={"wires": (broken, plan.wires[1])})
    report = smoke(plan, workspace)
    checks = {check.wire: check for check in report.wires}
    assert not checks["jobs.storage"].passed
    assert "nothing at /nowhere" in checks["jobs.storage"].detail
    assert checks["jobs.monitoring"].passed
    storage = next(step for step in report.steps if step.layer == "storage")
    assert (storage.state, storage.detail) == ("skipped", "the wire `jobs.storage` is broken")
    assert next(step for step in report.steps if step.layer == "monitoring").state == "passed"
    assert not report.passed
    assert SECRET not in repr(report)
