"""`stack completion`: what a shell needs to complete commands, options and the names of stacks."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from stackwright.errors import Exit


def run(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> Exit:
    """Print what makes your shell complete `stack`.

    Commands, options, and the names of your stacks. Nothing is installed: the shell reads it where you put it.

    Example:
        stack completion bash > ~/.local/share/bash-completion/completions/stack
        echo 'eval "$(stack completion zsh)"' >> ~/.zshrc
        stack completion fish > ~/.config/fish/completions/stack.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    from stackwright.views import terminal

    script = get_completion_script(prog_name="stack", complete_var="_STACK_COMPLETE", shell=shell)
    terminal.write(script.strip() + "\n")
    return Exit.FINE
