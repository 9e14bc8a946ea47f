"""`stack demo`: the whole of it in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackwright.commands.options import JsonOption, QuietOption, answer
from stackwright.errors import Exit

if TYPE_CHECKING:
    from stackwright.model.report import DownResult, SmokeReport, UpResult


def run(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="PATH", help="Where to put it; without it, a temporary folder."),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Start, prove and remove a whole stack that ships with Stackwright.

    Nine layers on this machine, from the package registry alone: no containers, no cluster, no account, no root.
    One pipeline runs through all of them on real data; then everything is removed and that is proven. The first
    time the packages are downloaded; after that it takes about a minute.

    Example:
        stack demo
        stack demo --keep
    """
    from stackwright.operations import demo as operations
    from stackwright.views import demo as views
    from stackwright.views.progress import progress

    with progress(quiet) as tell:

        def on_stage(stage: str, result: object) -> None:
            tell.pause()
            if not (json or quiet):
                views.show_stage(stage, result)

        started, report, removed = operations.demo(keep, folder, tell, on_stage)
    if keep and not (json or quiet):
        _land(started.name, report)
    result = {"up": started, "smoke": report, "down": removed}
    code = _code(started, report, removed)
    return answer(
        "demo", result, lambda page: views.verdict(page, started, report, removed), code, json=json, quiet=quiet
    )


def _code(started: UpResult, report: SmokeReport, removed: DownResult | None) -> Exit:
    if not (started.status.healthy and report.passed):
        return Exit.FAILED
    return Exit.LEFTOVERS if removed and removed.left else Exit.FINE


def _land(name: str, report: SmokeReport) -> None:
    """Write the landing page, show the same here, and open it where somebody sits at a screen."""
    import os
    import sys
    import webbrowser

    from stackwright.commands.options import find_target
    from stackwright.operations import demo as operations
    from stackwright.views import demo as views
    from stackwright.views.page import show

    target = find_target(None, name)
    pages, file = operations.pages(target), operations.place(target)
    file.write_text(views.landing(name, pages, report), encoding="utf-8")
    show(lambda page: views.landed(page, file.as_uri(), pages))
    if sys.stdout.isatty() and (sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()):
        webbrowser.open(file.as_uri())
