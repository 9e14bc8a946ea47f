"""`stack outputs`: what your code needs to reach the stack."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.options import FileOption, JsonOption, NameArgument, answer, find_target
from stackwright.errors import Exit


def run(
    name: NameArgument = None,
    file: FileOption = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show passwords and keys in full.")] = False,
    json: JsonOption = False,
) -> Exit:
    """Show addresses and names for your code.

    Shows every field of every endpoint the stack offers: hosts, ports, URLs, databases, users. Passwords and keys
    are hidden unless asked for. `stack exec` gives a command all of it in its environment.

    Example:
        stack outputs
        stack outputs churn --json --show-secrets
    """
    from stackwright.operations import status as operations
    from stackwright.views import status as views

    result = operations.outputs(find_target(file, name), show_secrets)
    return answer("outputs", result, lambda page: views.outputs(page, result), json=json)
