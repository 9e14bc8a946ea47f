"""`stack plan`: what a stack consists of, and what would change."""

from __future__ import annotations

from stackwright.commands.options import FileOption, JsonOption, NameArgument, answer, find_target
from stackwright.errors import Exit


def run(
    name: NameArgument = None,
    file: FileOption = None,
    json: JsonOption = False,
) -> Exit:
    """Show what a stack consists of and what would change.

    Shows every component with its tool, address and the reason why it is there, every wire, the layers of the
    blueprint that no tool covers, and what `stack up` would add, change, replace or destroy. Changes nothing.

    Example:
        stack plan
        stack plan churn
    """
    from stackwright.operations import plan as operations
    from stackwright.views import plan as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet=json) as tell:
        planned, changes = operations.plan(target, tell)
    result = {"plan": planned, "changes": changes}
    return answer("plan", result, lambda page: views.plan(page, planned, changes), json=json)
