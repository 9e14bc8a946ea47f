"""`stack status`: how every component is."""

from __future__ import annotations

from stackwright.commands.options import FileOption, JsonOption, NameArgument, answer, find_target
from stackwright.errors import Exit


def run(name: NameArgument = None, file: FileOption = None, json: JsonOption = False) -> Exit:
    """Show how every component of a stack is.

    Looks at the processes themselves, not at what was once started. A component that is not up is shown with the
    reason and the last lines it wrote. Exit code 0 if all of them are up, else 1.

    Example:
        stack status
        stack status churn --json
    """
    from stackwright.operations import status as operations
    from stackwright.views import status as views

    result = operations.status(find_target(file, name))
    code = Exit.FINE if result.healthy else Exit.FAILED
    return answer("status", result, lambda page: views.status(page, result), code, json=json)
