"""Pictures through a fake tool with a real little model, and the PNGs that they are made of."""

from __future__ import annotations

import pytest

from stackwright.folders import shipped
from stackwright.smoke import run_smoke
from stackwright_job.entry import load_module

from .conftest import CATALOG, secrets

LAYERS = (
    "storage", "labeling", "data-pipelines", "experiment-pipelines", "experiment-tracking", "model-registry", "serving",
    "explainability",
)  # fmt: skip
LIES = {
    "cuts an object": ("pictures stored and fetched", "came back changed"),
    "lists nothing": ("pictures stored and fetched", "0 listed"),
    "likes everything": ("pictures labeled", "labeled otherwise"),
    "loses an item": ("pictures labeled", "59 rows exported"),
    "predicts something else": ("pictures recognised by what is served", "differ from local ones"),
    "ranks the blank first": ("recognition explained by pixels", "is the same in all pictures"),
}
png = load_module(shipped() / "smoke_tests" / "images" / "png.py", "stackwright_images_png")


def smoke(plan, workspace):
    return run_smoke(plan, workspace, secrets, "images", lambda event: None, catalog=CATALOG)


@pytest.mark.parametrize("absent", ["", "labeling"])
def test_pictures_pass(stack, workspace, absent):
    """With honest tools every step passes; where nobody labels, the labels that came with the pictures do."""
    report = smoke(stack(tuple(layer for layer in LAYERS if layer != absent)), workspace)
    assert [step.detail for step in report.steps if step.state != "passed" and step.component] == []
    assert [step.layer for step in report.steps if not step.component] == ([absent] if absent else [])


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(stack, workspace, lie):
    """A tool that lies fails the step that asserts it."""
    step, words = LIES[lie]
    failed = {s.name: s.detail for s in smoke(stack(LAYERS, lie=lie), workspace).steps if s.state == "failed"}
    assert words in failed.get(step, ""), failed


def test_pictures_are_read_as_they_were_written():
    """A picture comes back pixel by pixel; a damaged one, or none, is refused."""
    rows = [[0, 255, 7], [1, 2, 3]]
    data = png.written(rows)
    assert png.read(data) == rows
    for broken in (b"no picture", data[:-20] + b"\0" + data[-19:]):
        with pytest.raises(ValueError, match="PNG"):
            png.read(broken)
