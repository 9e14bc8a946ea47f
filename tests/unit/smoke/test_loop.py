"""The loop over a fake tool with a real little model: honest, it closes; for each lie, the arrow that fails is told."""

from __future__ import annotations

import pytest

from stackwright.smoke import run_smoke

from .conftest import CATALOG, secrets

LAYERS = ("experiment-pipelines", "experiment-tracking", "model-registry", "serving", "monitoring")
LIES = {
    "tags another run": ("first version trained and served", "STACK_RUN_ID"),
    "predicts something else": ("first version trained and served", "otherwise than locally"),
    "flags everything": ("drift flagged, and only drift", "as it was, and it was flagged"),
    "flags nothing": ("drift flagged, and only drift", "has changed, and it was not flagged"),
    "retrains on nothing new": ("flagged drift retrains", "of the changed world"),
    "registers over a version": ("second version registered", "both are version 1"),
    "never moves": ("serving moves to the second version", "otherwise than locally"),
    "serves on": ("first version retired", "the first version still answers"),
    "retires all": ("first version retired", "S014"),
}


def smoke(plan, workspace):
    return run_smoke(plan, workspace, secrets, "loop", lambda event: None, catalog=CATALOG)


@pytest.mark.parametrize("way", ["", "serves in place"])
def test_the_loop_closes(stack, workspace, way):
    """Drift leads to a second version that is served instead of the first: beside it, or in its place."""
    report = smoke(stack(LAYERS, lie=way), workspace)
    assert [step.detail for step in report.steps if step.state != "passed"] == []
    assert report.steps[-1].detail == ("in place" if way else "the first is gone, the second answers as before")


@pytest.mark.parametrize("lie", LIES)
def test_a_broken_arrow_is_told(stack, workspace, lie):
    """A tool that lies fails the arrow that asserts it, and nothing after it is said to have passed."""
    step, words = LIES[lie]
    report = smoke(stack(LAYERS, lie=lie), workspace)
    states = [found.state for found in report.steps]
    failed = states.index("failed")
    assert report.steps[failed].name == step, report.steps
    assert words in report.steps[failed].detail
    assert set(states[failed + 1 :]) <= {"skipped"}
