"""`stack smoke`: proof that the stack works together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackwright.commands.options import FileOption, JsonOption, NameArgument, QuietOption, answer, find_target
from stackwright.errors import Exit

if TYPE_CHECKING:
    from stackwright.model.report import SmokeReport
    from stackwright.operations.find import Target


def run(
    name: NameArgument = None,
    file: FileOption = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            metavar="P",
            help="lifecycle (the usual one), layers, loop, exchange, images or polyglot; or your own by its path.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FOLDER", help="The pipeline's data; without it, its own.")
    ] = None,
    *,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the outcome as JUnit XML too.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page for a browser too.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Prove that a running stack works together.

    Probes every wire, then runs a real pipeline through all layers the stack has, on real data, and compares what
    comes out of one tool with what went into another. A step whose layer is not there is skipped, never passed.
    Exit code 1 if a wire or a step failed.

    Example:
        stack smoke
        stack smoke churn --pipeline layers --json
        stack smoke --pipeline ./checks --data ./samples
        stack smoke --junit smoke.xml --html smoke.html
    """
    from stackwright.operations import smoke as operations
    from stackwright.views import smoke as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet) as tell:
        report = operations.smoke(target, pipeline, tell, data)
    if junit or html:
        _write(target, report, junit, html)
    written = [file for file in (junit, html) if file]
    code = Exit.FINE if report.passed else Exit.FAILED
    return answer("smoke", report, lambda page: views.smoke(page, report, written), code, json=json, quiet=quiet)


def _write(target: Target, report: SmokeReport, junit: Path | None, html: Path | None) -> None:
    """The reports that were asked for."""
    from stackwright.operations.reports import details
    from stackwright.views import reports

    found = details(target, report)
    for file, written in ((junit, reports.junit), (html, reports.html)):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(written(report, found), encoding="utf-8")
