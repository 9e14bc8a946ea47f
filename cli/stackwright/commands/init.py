"""`stack init`: a manifest to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stackwright.commands.options import JsonOption, QuietOption, answer
from stackwright.errors import Diagnostic, Exit, StackError

Picks = Annotated[
    list[str] | None,
    typer.Option("--pick", "-p", metavar="LAYER=TOOL", help="A tool for one layer; may be given several times."),
]


def run(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A new folder of this name; without it, this folder.")
    ] = None,
    blueprint: Annotated[
        str | None,
        typer.Option("--blueprint", "-b", metavar="NAME", help="What to start from: demo (the usual one) or minimal."),
    ] = None,
    pick: Picks = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a stack.yaml that is there.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Write a stack.yaml to start from.

    Writes NAME/stack.yaml, or ./stack.yaml without a NAME, with every layer of the blueprint and the tool that
    does it, so that nothing changes silently later. On a terminal it asks layer by layer, shows which tools there
    are, and shows the file before it is written; with --pick it only shows it, with --yes it asks nothing.

    Example:
        stack init churn
        stack init churn --blueprint minimal --pick serving=TOOL --yes
    """
    from stackwright.operations import init as operations
    from stackwright.views import init as views

    picks, without = _picks(pick or []), set[str]()
    path = Path(name or "") / "stack.yaml"
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not (yes or json or quiet)
    if asks and (force or not path.exists()):
        operations.preview(Path(), name, blueprint, picks)  # what is wrong already is told before anything is asked
        if not picks:
            from stackwright.commands.interview import interview

            blueprint, picks, without = interview(blueprint)
        if not _agreed(path, operations.preview(Path(), name, blueprint, picks, without)):
            return Exit.FAILED
    file = operations.init(Path(), name, blueprint, picks, force=force, without=without)
    return answer("init", {"file": file}, lambda page: views.written(page, file), json=json, quiet=quiet)


def _agreed(path: Path, text: str) -> bool:
    """Show what would be written, and ask."""
    from stackwright.views import init as views
    from stackwright.views.page import say, show

    show(lambda page: views.proposed(page, path, text))
    there = path.exists()
    agreed = typer.confirm(f"Replace {path}?" if there else f"Write {path}?", default=not there)
    if not agreed:
        say("Nothing was written.")
    return agreed


def _picks(words: list[str]) -> dict[str, str]:
    picks: dict[str, str] = {}
    wrong: list[Diagnostic] = []
    for word in words:
        layer, _, tool = (part.strip() for part in word.partition("="))
        if layer and tool and layer not in picks:
            picks[layer] = tool
        else:
            detail = f"`--pick {word}` does not name one layer and one tool, or names a layer a second time."
            hint = "write the layer, an equals sign and the tool\n    stack init --pick LAYER=TOOL"
            wrong.append(Diagnostic("U104", "not a pick", detail, hint=hint))
    if wrong:
        raise StackError(wrong, Exit.USAGE)
    return picks
