"""ONNX from a job to a server, over a fake tool: honest, it arrives; for each lie, the step that fails is told."""

from __future__ import annotations

import pytest

from stackwright.smoke import run_smoke

from .conftest import CATALOG, secrets

LAYERS = ("experiment-pipelines", "experiment-tracking", "model-registry", "serving")
LIES = {
    "tags another run": ("model trained and written as ONNX by a job", "STACK_RUN_ID"),
    "writes its own format": ("model trained and written as ONNX by a job", "as an ONNX graph does"),
    "predicts something else": ("ONNX served, predictions equal", "differ from local ones"),
}


def smoke(plan, workspace):
    return run_smoke(plan, workspace, secrets, "exchange", lambda event: None, catalog=CATALOG)


def test_onnx_arrives(stack, workspace):
    """What a job wrote as ONNX is registered and served as that."""
    report = smoke(stack(LAYERS), workspace)
    assert {step.state for step in report.steps} == {"passed"}, report.steps
    assert next(step for step in report.steps if step.layer == "model-registry").evidence["model"]["format"] == "onnx"


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_told(stack, workspace, lie):
    """A tool that lies fails the step that asserts it, and nothing after it is said to have passed."""
    step, words = LIES[lie]
    report = smoke(stack(LAYERS, lie=lie), workspace)
    states = [found.state for found in report.steps]
    failed = states.index("failed")
    assert report.steps[failed].name == step, report.steps
    assert words in report.steps[failed].detail
    assert set(states[failed + 1 :]) <= {"skipped"}
