"""What `demo` shows: each stage with the view of its own command, a page of links if it stays, and one last line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stackwright.model.report import DownResult, SmokeReport, UpResult, WebPage
from stackwright.views import down, smoke, status
from stackwright.views.page import Ink, Page, Row, seconds, show
from stackwright.views.reports import filled

STAGES: dict[str, Callable[[Page, Any], None]] = {"up": status.started, "smoke": smoke.smoke, "down": down.down}


def show_stage(stage: str, result: object) -> None:
    """Print what a stage came to."""

    def view(page: Page) -> None:
        STAGES[stage](page, result)
        page.lines.append("")

    show(view)


def landing(name: str, pages: Sequence[WebPage], report: SmokeReport) -> str:
    """A page of links to what a running demo was filled with; how credentials are seen is on it, they are not."""
    made = {page.component: [s for s in report.steps if s.component == page.component and s.detail] for page in pages}
    return filled("landing.html.j2", name=name, pages=pages, made=made, report=report)


def landed(page: Page, address: str, pages: Sequence[WebPage]) -> None:
    """The same for a terminal: where the page is, and what it leads to."""
    page.heading("Look around", address)
    rows = [Row((one.component, one.tool, Ink(one.address, "cyan"), _login(one))) for one in pages]
    page.table(rows, ("", "", "", "login"), spill=1)
    page.blank()


def _login(one: WebPage) -> Ink:
    return Ink(one.user or "with a token" if one.login else "none", "dim")


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
