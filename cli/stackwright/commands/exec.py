"""`stack exec`: a command with the stack in its environment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from stackwright.commands.framework import Command, command_app
from stackwright.commands.options import LongFileOption, StackOption, find_target
from stackwright.errors import Diagnostic, Exit, StackError

# Options after the command's own name are the command's.
app = command_app(context_settings={"allow_interspersed_args": False})


@app.command(cls=Command, name="exec")
def exec_(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND [ARGS]...", help="What to run.")],
    stack: StackOption = None,
    file: LongFileOption = None,
) -> None:
    """Run a command that can reach the stack.

    The command gets the addresses and credentials of the stack in its environment, under the names that clients
    look for and as STACK_<COMPONENT>_<FIELD>, and finds the Python of the stack's jobs, with a client for
    everything it is wired to, first on its PATH. The exit code is the command's own.

    Example:
        stack exec -- python train.py
        stack exec --stack churn -- env
    """
    from stackwright.operations import status as operations

    become(command, merged(os.environ, operations.environment(find_target(file, stack))))


def merged(users: Mapping[str, str], stacks: Mapping[str, str]) -> dict[str, str]:
    """The user's environment with the stack's on top; on PATH the stack's folders come first."""
    folders = [*stacks.get("PATH", "").split(os.pathsep), *users.get("PATH", os.defpath).split(os.pathsep)]
    return {**users, **stacks, "PATH": os.pathsep.join(dict.fromkeys(folder for folder in folders if folder))}


def become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by the command, or say why that cannot be."""
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores SIGPIPE; the command must not inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 (running it is what was asked for)
    except OSError as error:
        raise StackError(_cannot_run(command[0], error), Exit.USAGE) from error


def _cannot_run(word: str, error: OSError) -> Diagnostic:
    where = "" if Path(word).name != word else " on PATH or among the stack's own"
    detail = f"`{word}`: {error.strerror}{where}."
    hint = "what it would find is shown by\n    stack exec -- sh -c 'echo $PATH'"
    return Diagnostic("U106", "the command cannot be run", detail, hint=hint)
