"""The options that several commands share, and what they do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stackwright.errors import Diagnostic, Exit

if TYPE_CHECKING:
    from stackwright.operations.find import Target
    from stackwright.views.page import Page

_MANIFEST: dict[str, Any] = {
    "metavar": "PATH",
    "help": "The manifest; without it, ./stack.yaml.",
    "show_default": False,
}
FileOption = Annotated[Path | None, typer.Option("--file", "-f", **_MANIFEST)]
LongFileOption = Annotated[Path | None, typer.Option("--file", **_MANIFEST)]


def _stack_names() -> list[str]:
    """What a shell completes."""
    from stackwright.operations.find import names

    return names()


_NAMED: dict[str, Any] = {
    "help": "A stack by its name, from any folder.",
    "show_default": False,
    "autocompletion": _stack_names,
}
NameArgument = Annotated[str | None, typer.Argument(metavar="[NAME]", **_NAMED)]
StackOption = Annotated[str | None, typer.Option("--stack", "-s", metavar="NAME", **_NAMED)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors; the exit code tells.")]

# What the command works on, once it is known: the error boundary names it to whoever pressed Ctrl-C.
at_work: list[str] = []


def find_target(file: Path | None, name: str | None) -> Target:
    """The stack meant by `-f`, by a name, or by the folder we are in."""
    from stackwright.operations.find import find

    target = find(file, name)
    at_work[:] = [target.name] if target.name else [f"-f {file}"] if file else []
    return target


def answer(
    command: str,
    result: object,
    view: Callable[[Page], None],
    code: Exit = Exit.FINE,
    warnings: Sequence[Diagnostic] = (),
    *,
    json: bool,
    quiet: bool = False,
) -> Exit:
    """Show the result to a program, or the view of it to a person, and pass the exit code on."""
    if json:
        from stackwright.views import envelope

        envelope.show(command, result, ok=code is Exit.FINE, diagnostics=warnings)
        return code
    if not quiet:
        from stackwright.views.page import show

        show(view)
    if warnings and not (quiet and code is Exit.FINE):  # what made it fail is an error
        from stackwright.views import diagnostics

        diagnostics.show(warnings)
    return code
