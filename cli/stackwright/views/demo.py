"""What `demo` shows: each stage with the view of its own command, and one last line."""

from __future__ import annotations

from stackwright.model.report import DownResult, SmokeReport, UpResult
from stackwright.views import down, smoke, status
from stackwright.views.page import Ink, Page, page, seconds, show


def show_stage(stage: str, result: object) -> None:
    """Print what a stage came to; one without a result is announced."""
    written = page()
    _stage(written, stage, result)
    written.lines.append("")
    show(written)


def _stage(page: Page, stage: str, result: object) -> None:
    if isinstance(result, UpResult):
        status.started(page, result)
    elif isinstance(result, SmokeReport):
        smoke.smoke(page, result)
    elif isinstance(result, DownResult):
        down.down(page, result)
    else:
        page.line(Ink(stage, "bold"), f"  {result}" if result else "")


def verdict(page: Page, started: UpResult, report: SmokeReport, removed: DownResult | None) -> None:
    """What was just seen, and how to have it for one's own."""
    layers = {layer for component in started.status.components for layer in component.layers}
    if "data-pipelines" in layers:  # orchestration counts once
        layers.discard("experiment-pipelines")
    here = [step for step in report.steps if step.component]  # the others are about layers that it does not have
    passed = sum(step.state == "passed" for step in here)
    total = started.seconds + report.seconds + (removed.seconds if removed else 0.0)
    page.line(f"{len(layers)} layers, {passed} of {len(here)} steps passed, {seconds(total)} in all.")
    page.blank()
    if removed is None:
        page.line("The stack goes on running. Remove it with")
        page.line(Ink(f"    stack down {started.name}", "bold"))
    else:
        page.line("Make one of your own with")
        page.line(Ink("    stack init my-stack", "bold"))
