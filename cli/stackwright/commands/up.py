"""`stack up`: what the manifest says comes to run."""

from __future__ import annotations

from stackwright.commands.options import FileOption, JsonOption, NameArgument, QuietOption, answer, find_target
from stackwright.errors import Exit


def run(
    name: NameArgument = None, file: FileOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> Exit:
    """Start a stack, or bring a running one up to date.

    Installs what is missing, starts every component and waits until it answers. On a stack that runs, only what
    differs from the manifest changes, and what died is started again; all else goes on undisturbed. When it was
    interrupted, the next `stack up` continues and `stack down` removes what is there.

    Example:
        stack up
        stack up -f churn/stack.yaml
    """
    from stackwright.operations import up as operations
    from stackwright.views import status as views
    from stackwright.views.progress import progress

    target = find_target(file, name)
    with progress(quiet) as tell:
        result = operations.up(target, tell)
    code = Exit.FINE if result.status.healthy else Exit.FAILED
    return answer("up", result, lambda page: views.up(page, result), code, result.warnings, json=json, quiet=quiet)
