"""`stack plan`: what a stack consists of, and what would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stackwright.commands.options import FileOption, JsonOption, NameArgument, answer, find_target
from stackwright.errors import Exit


def run(
    name: NameArgument = None,
    file: FileOption = None,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What a cloud's machines cost, instead of the table that comes with it."),
    ] = None,
    json: JsonOption = False,
) -> Exit:
    """Show what a stack consists of and what would change.

    Shows every component with its tool, address and the reason why it is there, every wire, the layers of the
    blueprint that no tool covers, and what `stack up` would add, change, replace or destroy. Of a cluster that would
    be made: its machines, what they cost for an hour, and whether its cloud has them for you. Changes nothing.

    Example:
        stack plan
        stack plan churn
    """
    from stackwright.operations import plan as operations
    from stackwright.views import plan as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet=json) as tell:
        plan = operations.plan(target, tell, prices)
    return answer("plan", plan, lambda page: views.plan(page, *plan), json=json)
