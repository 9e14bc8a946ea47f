"""`stack list`: the stacks of this user."""

from __future__ import annotations

from stackwright.commands.options import JsonOption, answer
from stackwright.errors import Exit


def run(json: JsonOption = False) -> Exit:
    """List your stacks.

    Shows every stack of yours that is up or has left something, wherever its manifest is. Any command takes such
    a name instead of a file, from any folder.

    Example:
        stack list
    """
    from stackwright.operations import status as operations
    from stackwright.views import status as views

    entries = operations.stacks()
    return answer("list", {"stacks": entries}, lambda page: views.stacks(page, entries), json=json)
