"""What `smoke` shows: every wire that was probed, every step of the pipeline, and the evidence in short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from stackwright.model.report import SmokeReport, Step, WireCheck
from stackwright.views.page import ABSENT, Cell, Ink, Page, Row, counted, seconds

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": (ABSENT, "dim")}
SHOWN = 3  # pieces of evidence a step shows; all of them are in --json
LONGEST = 28  # characters of one piece


def smoke(page: Page, report: SmokeReport) -> None:
    """Wires, steps, and the verdict last, where the eye ends."""
    if report.wires:
        page.heading("Wires", "probed before the steps")
        page.table(("", "", "", ""), [_wire(check) for check in report.wires], spill=1)
    page.heading(f"Pipeline {report.pipeline}")
    page.table(("", "step", "by", "seconds"), [_step(step) for step in report.steps])
    page.blank()
    _verdict(page, report)


def _wire(check: WireCheck) -> Row:
    mark, style = MARKS["passed" if check.passed else "failed"]
    below = [Ink(check.detail, "red")] if check.detail and not check.passed else []
    return Row((Ink(mark, style), check.wire, f"→ {check.server}", Ink(check.interface, "dim")), below)


def _step(step: Step) -> Row:
    mark, style = MARKS[step.state]
    by = step.component or step.layer
    below: list[Cell] = []
    if step.detail:
        below.append(Ink(step.detail, {"failed": "red"}.get(step.state, "dim")))
    shown = evidence(step.evidence)
    if shown:
        below.append(Ink(shown, "dim"))
    took = "" if step.state == "skipped" else f"{step.seconds:.1f}"
    return Row((Ink(mark, style), step.name, Ink(by, "" if step.component else "dim"), f"{took:>7}"), below)


def evidence(found: Mapping[str, Any]) -> str:
    """`run 3f9a… · rows 569`: the first few plain values, long ones cut."""
    parts = []
    for name, value in found.items():
        if isinstance(value, Mapping):
            continue
        text = ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)
        text = " ".join(text.split())
        parts.append(f"{name.replace('_', ' ')} {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}")
    more = f" · {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return " · ".join(parts[:SHOWN]) + more


def _verdict(page: Page, report: SmokeReport) -> None:
    count = Counter(step.state for step in report.steps)
    broken = [check.wire for check in report.wires if not check.passed]
    parts = [f"{count[state]} {state}" for state in ("passed", "failed", "skipped") if count[state]]
    if broken:
        parts.append(f"{counted(len(broken), 'wire')} broken ({', '.join(broken)})")
    mark, style = MARKS["passed" if report.passed else "failed"]
    word = "passed" if report.passed else "failed"
    told = ", ".join(parts) or "no step ran"
    page.line(Ink(f"{mark} {report.name} {word}", style), f": {told}, {seconds(report.seconds)}.")
