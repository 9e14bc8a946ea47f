"""What `smoke` shows: every wire that was probed, and every step of the pipeline with what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stackwright.model.report import SmokeReport, Step, WireCheck
from stackwright.views.page import MARKS, Cell, Ink, Page, Row, counted, seconds


def smoke(page: Page, report: SmokeReport, written: Sequence[Path] = ()) -> None:
    """Wires, steps, the reports that were written, and the verdict last, where the eye ends."""
    if report.wires:
        page.heading("Wires", "probed before the steps")
        page.table([_wire(check) for check in report.wires], spill=1)
    page.heading(f"Pipeline {report.pipeline}")
    here = [step for step in report.steps if step.component]
    page.table([_step(step) for step in here], ("", "step", "by", "seconds"))
    if absent := dict.fromkeys(step.layer for step in report.steps if not step.component):
        page.line(Ink(f"skipped, as the stack does not have it: {', '.join(absent)}", "dim"), indent=2)
    page.blank()
    for file in written:
        page.line(Ink("✓ ", "green"), f"wrote {file}")
    _verdict(page, report)


def _wire(check: WireCheck) -> Row:
    mark = Ink(*MARKS["passed" if check.passed else "failed"])
    below = [Ink(check.detail, "red")] if check.detail and not check.passed else []
    return Row((mark, check.wire, f"→ {check.server}", Ink(check.interface, "dim")), below)


def _step(step: Step) -> Row:
    by = step.component or step.layer
    # One line for people; the ids and hashes that flowed are in --json.
    below: list[Cell] = [Ink(step.detail, {"failed": "red"}.get(step.state, "dim"))] if step.detail else []
    took = "" if step.state == "skipped" else f"{step.seconds:.1f}"
    return Row((Ink(*MARKS[step.state]), step.name, Ink(by, "" if step.component else "dim"), f"{took:>7}"), below)


def _verdict(page: Page, report: SmokeReport) -> None:
    count = Counter(step.state for step in report.steps)
    broken = [check.wire for check in report.wires if not check.passed]
    parts = [f"{count[state]} {state}" for state in ("passed", "failed", "skipped") if count[state]]
    if broken:
        parts.append(f"{counted(len(broken), 'wire')} broken ({', '.join(broken)})")
    idle = not (report.passed or count["failed"] or broken)  # nothing is wrong, and nothing was proven either
    word = "passed" if report.passed else "failed"
    mark, style = MARKS["skipped" if idle else word]
    word = "was not checked" if idle else word
    told = ", ".join(parts) or "no step ran"
    page.line(Ink(f"{mark} {report.name} {word}", style), f": {told}, {seconds(report.seconds)}.")
