"""`stack smoke`: proof that the stack works together."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.framework import Command, command_app
from stackwright.commands.options import FileOption, JsonOption, NameArgument, QuietOption, answer, find_target
from stackwright.errors import Exit

app = command_app()


@app.command(cls=Command)
def smoke(
    name: NameArgument = None,
    file: FileOption = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="P", help="Another pipeline than the usual one.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Prove that a running stack works together.

    Probes every wire, then runs a real pipeline through all layers the stack has, on real data, and compares what
    comes out of one tool with what went into another. A step whose layer is not there is skipped, never passed.
    Exit code 1 if a wire or a step failed.

    Example:
        stack smoke
        stack smoke churn --pipeline lifecycle --json
    """
    from stackwright.operations import smoke as operations
    from stackwright.views import smoke as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet) as tell:
        report = operations.smoke(target, pipeline, tell)
    code = Exit.FINE if report.passed else Exit.FAILED
    return answer("smoke", report, lambda page: views.smoke(page, report), json=json, quiet=quiet, exit_code=code)
