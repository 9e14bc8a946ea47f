"""What `catalog prove` shows: each step of one tool, or a line for each of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stackwright.model.report import ProveResult
from stackwright.views.page import MARKS, Ink, Page, Row, counted, seconds

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
        page.table([_step(step) for step in result.proof["steps"]], ("", "layer", "step", "seconds"))
        page.blank()
        page.line(Ink(_cost(result.proof), "dim"))
    name = f"{result.tool}@{result.target}"
    if result.passed:
        told = f": written to {result.tool}/proof/{result.target}.json, {seconds(result.seconds)}."
        page.line(Ink(f"✓ {name} proven", "green"), told)
    else:
        page.line(Ink(f"✗ {name} not proven", "bold red"), f", {seconds(result.seconds)}.")


def _many(page: Page, results: Sequence[ProveResult]) -> None:
    rows = []
    for result in results:
        mark = Ink(*MARKS["passed" if result.passed else "failed"])
        layers = dict.fromkeys(s["layer"] for s in result.proof.get("steps", ()) if s["state"] == "passed")
        told = ", ".join(layers) if result.passed else result.reasons[0].summary
        rows.append(Row((mark, f"{result.tool}@{result.target}", f"{result.seconds:7.1f}", told)))
    page.table(rows, ("", "tool", "seconds", ""), indent=0)
    page.heading("Slowest")
    slowest = sorted(results, key=lambda result: -result.seconds)[:SLOWEST]
    page.table([Row((f"{result.seconds:7.1f}", result.tool)) for result in slowest])
    page.blank()
    passed = sum(result.passed for result in results)
    sign, style = MARKS["passed" if passed == len(results) else "failed"]
    took = seconds(sum(result.seconds for result in results))
    page.line(Ink(f"{sign} {passed} of {counted(len(results), 'tool')} proven", style), f", {took} in all.")


def _cost(proof: Mapping[str, Any]) -> str:
    told = {
        "ready_seconds": "ready in {} s",
        "cpu_seconds": "{} s of CPU until then",
        "memory_mb": "{} MB of memory",
        "install_mb": "{} MB installed",
    }
    return ", ".join(words.format(proof[key]) for key, words in told.items() if proof[key] is not None)


def _step(step: Mapping[str, Any]) -> Row:
    took = f"{step['seconds']:7.1f}" if "seconds" in step else ""
    return Row((Ink(*MARKS[step["state"]]), step["layer"], step["step"], took))
