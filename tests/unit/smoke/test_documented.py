"""The example of docs/pipelines.md, exactly as it stands there, run over a fake tool."""

from __future__ import annotations

import re
from pathlib import Path

from stackwright.catalog.load import Catalog
from stackwright.smoke import run_smoke

from .conftest import CATALOG, secrets

PAGE = Path(__file__).parents[3] / "docs" / "pipelines.md"


def example(to: Path) -> Path:
    """The files of the page, each written where its first line says."""
    page = PAGE.read_text(encoding="utf-8")
    for name, content in re.findall(r"```\w+\n# (\S+)\n(.*?)```", page, re.DOTALL):
        file = to / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return to / "checks"


def smoke(stack, workspace, folder: Path, data: Path | None = None):
    plan, layers = stack(("storage", "data-pipelines", "database")), Catalog.shipped().layers()
    return run_smoke(
        plan, workspace, secrets, str(folder), lambda event: None, catalog=CATALOG, layers=layers, data=data
    )


def test_the_example_passes(stack, workspace, tmp_path):
    """What the page shows can be copied, and passes; its job is really run."""
    report = smoke(stack, workspace, example(tmp_path))
    assert [(step.name, step.state) for step in report.steps] == [
        ("rides stored", "passed"),
        ("rides counted by the orchestrator", "passed"),
        ("counts kept", "passed"),
    ], report.steps
    assert report.pipeline == "rides"
    assert report.steps[1].detail.startswith("2 stations, run ")


def test_other_data(stack, workspace, tmp_path):
    """`--data` takes the place of the pipeline's own data; a mistake is told with its place in the user's code."""
    folder, samples = example(tmp_path), tmp_path / "samples"
    samples.mkdir()
    (samples / "rides.csv").write_text("place,minutes\nharbour,12\n")
    report = smoke(stack, workspace, folder, samples)
    assert [step.state for step in report.steps] == ["passed", "failed", "skipped"]
    assert "KeyError: 'station'" in report.steps[1].detail
    assert f"({folder}/pipeline.py:" in report.steps[1].detail
