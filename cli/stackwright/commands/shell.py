"""`stack shell`: a shell with the stack in its environment."""

from __future__ import annotations

import os
from pathlib import Path

from stackwright.commands.exec import become, merged
from stackwright.commands.options import FileOption, NameArgument, find_target


def run(name: NameArgument = None, file: FileOption = None) -> None:
    """Open a shell that can reach the stack.

    Your own shell ($SHELL), with what `stack exec` gives a command, and the stack's name in the prompt. Leave it
    with `exit`; the stack goes on running.

    Example:
        stack shell churn
    """
    from stackwright.operations import status as operations
    from stackwright.views.page import say

    target = find_target(file, name)
    environment = merged(os.environ, operations.environment(target))
    program = os.environ.get("SHELL") or "/bin/sh"
    say(f"This shell can reach the stack {target.name}. Leave it with `exit`.")
    become(*_with_prompt(program, target.name, environment))


def _with_prompt(program: str, name: str, environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The shell's command line, and the environment that puts the stack's name in front of its prompt."""
    mark = f"({name}) "
    if Path(program).name == "bash":
        # bash reads a prompt of its own after it starts, so it is told again before each prompt.
        marked = f'[[ $PS1 == "{mark}"* ]] || PS1="{mark}$PS1"'
        users = environment.get("PROMPT_COMMAND")
        environment["PROMPT_COMMAND"] = f"{users}; {marked}" if users else marked
    else:
        environment["PS1"] = f"{mark}{environment.get('PS1', '$ ')}"
    return [program], environment
