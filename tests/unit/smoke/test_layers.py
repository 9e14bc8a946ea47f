"""The pipeline of single layers over a fake tool: honest, it passes; for each lie, the step that asserts it fails.

The steps that need a trained model make it in a real jobs environment: they run in the live tests.
"""

from __future__ import annotations

import pytest

from stackwright.catalog.load import Catalog
from stackwright.model.report import SmokeReport
from stackwright.smoke import run_smoke

from .conftest import CATALOG, LAYERS, OTHERS, secrets

MODELS = {"model-registry", "serving", "security", "explainability", "training"}
LIES = {
    "cuts an object": ("storage", "came back changed"),
    "lists nothing": ("storage", "not listed"),
    "loses a row": ("database", "177 read"),
    "allows all": ("access-control", "`viewer` may write `model/wine`"),
    "forbids all": ("access-control", "`trainer` may not read `data/wine`"),
    "reads the latest version": ("data-versioning", "came back changed"),
    "names another column": ("data-quality", "named were: ash"),
    "traces one step": ("lineage-metadata", "the trace says"),
    "traces to every run": ("lineage-metadata", "unrelated-"),
    "likes everything": ("labeling", "those exported"),
    "loses an item": ("labeling", "those exported"),
    "copies the sample": ("synthetic-data", "are copies"),
    "makes a column up": ("synthetic-data", "the mean of `hue`"),
    "makes too few": ("synthetic-data", "299 made"),
    "serves no news": ("feature-store", "online: `b0` has"),
    "forgets the past": ("feature-store", "as of"),
    "swallows failures": ("experiment-pipelines", "is said to exit with 0"),
    "calls everything done": ("data-pipelines", "has the state of one that did not"),
    "one worker": ("compute-engine", "only 1 did any work"),
    "mixes results up": ("compute-engine", "the results are"),
    "guesses": ("training", "guessing has"),
    "changes a metric": ("experiment-tracking", "came back as 1.0"),
    "forgets artifacts": ("experiment-tracking", "was logged; the run has"),
    "flags nothing": ("monitoring", "was not flagged"),
    "has words for numbers": ("monitoring", "no metric is a number"),
    "drops labels": ("alerting", "arrived with {}"),
    "delivers everything": ("alerting", "nobody raised"),
    "one entry for all": ("audit", "two actions became one entry"),
    "blames root": ("audit", "found was"),
    "runs all but one": ("notebooks", "outputs are"),
}


def smoke(plan, workspace, **more) -> SmokeReport:
    return run_smoke(plan, workspace, secrets, "layers", lambda event: None, catalog=CATALOG, **more)


def test_honest_tools_pass(stack, workspace):
    """With honest tools every step of every layer passes."""
    layers = tuple(layer for layer in LAYERS + OTHERS if layer not in MODELS)
    report = smoke(stack(layers), workspace)
    failed = [(step.name, step.detail) for step in report.steps if step.state == "failed"]
    assert failed == []
    assert {step.layer for step in report.steps if step.state == "passed"} == set(layers)
    assert {step.layer for step in report.steps} == set(Catalog.shipped().layers())


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(stack, workspace, lie):
    """A tool that lies fails the step of its layer, in words that say what does not hold."""
    layer, words = LIES[lie]
    report = smoke(stack((layer,), lie=lie), workspace)
    failed = [step.detail for step in report.steps if step.state == "failed"]
    assert any(words in detail for detail in failed), report.steps
    assert {step.layer for step in report.steps if step.state != "skipped"} == {layer}


def test_a_tool_that_fills_a_layer_in_part(stack, workspace, tmp_path):
    """The steps of verbs that it speaks run, the others are skipped and say which verb it lacks."""
    entry = tmp_path / "catalog" / "fake"
    entry.mkdir(parents=True)
    whole = (CATALOG / "fake" / "smoke.py").read_text()
    (entry / "smoke.py").write_text(whole.replace("def scrape(ctx)", "def _scrape(ctx)"))
    (tmp_path / "catalog" / "_interfaces").symlink_to(CATALOG / "_interfaces")
    report = run_smoke(
        stack(("monitoring",)), workspace, secrets, "layers", lambda event: None,
        catalog=tmp_path / "catalog", layers=Catalog.shipped().layers(),
    )  # fmt: skip
    states = {step.name: (step.state, step.detail) for step in report.steps if step.layer == "monitoring"}
    assert states["drift told from no drift"][0] == "passed"
    assert states["metrics scraped"] == ("skipped", "`fake` fills `monitoring` in part, without `scrape`")
