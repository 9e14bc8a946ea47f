"""What `catalog prove` shows: each step of one tool, or a line for each of many."""

from __future__ import annotations

from collections.abc import Sequence

from stackwright.model.report import ProveResult
from stackwright.views.page import ABSENT, Ink, Page, Row, counted, seconds

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": (ABSENT, "dim")}
SLOWEST = 10


def proven(page: Page, results: Sequence[ProveResult]) -> None:
    """The verdicts; the reasons of what failed are shown below, as errors."""
    if not results:
        page.line("Nothing to prove: every proof is of its entry as it is.")
    elif len(results) == 1:
        _one(page, results[0])
    else:
        _many(page, results)


def _one(page: Page, result: ProveResult) -> None:
    if result.proof:
        page.heading(f"{result.tool} {result.proof['version']}", f"on {result.target}")
        rows = [
            Row((Ink(*MARKS[step["state"]]), step["layer"], step["step"], _took(step.get("seconds"))))
            for step in result.proof["steps"]
        ]
        page.table(("", "layer", "step", "seconds"), rows)
        page.blank()
        page.line(Ink(_cost(result), "dim"))
    _verdict(page, result)


def _verdict(page: Page, result: ProveResult) -> None:
    name = f"{result.tool}@{result.target}"
    if result.passed:
        told = f": written to {result.tool}/proof/{result.target}.json, {seconds(result.seconds)}."
        page.line(Ink(f"✓ {name} proven", "green"), told)
    else:
        page.line(Ink(f"✗ {name} not proven", "bold red"), f", {seconds(result.seconds)}.")


def _many(page: Page, results: Sequence[ProveResult]) -> None:
    rows = []
    for result in results:
        mark = MARKS["passed" if result.passed else "failed"]
        layers = dict.fromkeys(s["layer"] for s in result.proof.get("steps", ()) if s["state"] == "passed")
        told = ", ".join(layers) if result.passed else result.reasons[0].summary
        rows.append(Row((Ink(*mark), f"{result.tool}@{result.target}", f"{result.seconds:7.1f}", told)))
    page.table(("", "tool", "seconds", ""), rows, indent=0)
    page.heading("Slowest")
    slowest = sorted(results, key=lambda result: -result.seconds)[:SLOWEST]
    page.table(("", ""), [Row((f"{result.seconds:7.1f}", result.tool)) for result in slowest])
    page.blank()
    passed = sum(result.passed for result in results)
    whole = passed == len(results)
    ink = Ink(
        f"{'✓' if whole else '✗'} {passed} of {counted(len(results), 'tool')} proven", "green" if whole else "bold red"
    )
    page.line(ink, f", {seconds(sum(result.seconds for result in results))} in all.")


def _cost(result: ProveResult) -> str:
    proof = result.proof
    parts = [f"ready in {proof['ready_seconds']} s" if proof["ready_seconds"] is not None else ""]
    parts += [f"{proof['cpu_seconds']} s of CPU until then" if proof["cpu_seconds"] is not None else ""]
    parts += [f"{proof['memory_mb']} MB of memory" if proof["memory_mb"] is not None else ""]
    parts += [f"{proof['install_mb']} MB installed"]
    return ", ".join(part for part in parts if part)


def _took(value: float | None) -> str:
    return "" if value is None else f"{value:7.1f}"
