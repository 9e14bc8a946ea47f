"""`stack cache`: the environments that stacks share."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.framework import Command, Group, command_app
from stackwright.commands.options import FileOption, JsonOption, QuietOption, answer, find_target
from stackwright.errors import Exit
from stackwright.operations import cache as operations
from stackwright.views import cache as views

app = command_app(cls=Group, invoke_without_command=True)


@app.callback()
def cache(context: typer.Context) -> None:
    """Look after the environments that stacks share.

    A tool is installed once, by what it consists of, and every stack uses the same folder. `STACK_CACHE_DIR` puts it
    somewhere else.

    Example:
        stack cache size
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("dir", cls=Command)
def dir_() -> Exit:
    """Print where the cache is.

    Example:
        du -sh "$(stack cache dir)"
    """
    from stackwright.folders import cache_dir

    typer.echo(cache_dir())
    return Exit.FINE


@app.command(cls=Command)
def size(json: JsonOption = False) -> Exit:
    """Show what is in it, and how big that is.

    Each environment with its size, the days since an `up` wanted it, and the stacks that are made of it. Files that
    are hard links to uv's own cache take their room only once.

    Example:
        stack cache size
    """
    found = operations.size()
    return answer("cache size", found, lambda page: views.size(page, found), json=json)


@app.command(cls=Command)
def prefetch(file: FileOption = None, json: JsonOption = False, quiet: QuietOption = False) -> Exit:
    """Install what a stack needs, and start nothing.

    After that its `up` needs no network: for a demo in a train, or a step of its own in CI.

    Example:
        stack cache prefetch
        stack cache prefetch -f churn/stack.yaml
    """
    from stackwright.views.progress import progress

    target = find_target(file, None)
    with progress(quiet) as tell:
        done = operations.prefetch(target, tell)
    return answer("cache prefetch", done, lambda page: views.prefetched(page, done), json=json, quiet=quiet)


@app.command(cls=Command)
def prune(
    days: Annotated[
        float, typer.Option("--days", metavar="N", min=0, help="Only what nobody wanted for so long.")
    ] = 30.0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Remove what no stack uses.

    Takes away environments that none of your stacks is made of and that no `up` has wanted for thirty days. They are
    installed again when they are needed. As root it cannot see the stacks of other users, who may share the cache.
    Images of ours on a container engine go likewise, when they are as old and no container uses them.

    Example:
        stack cache prune
        stack cache prune --days 0
    """
    done = operations.prune(days)
    return answer("cache prune", done, lambda page: views.pruned(page, done), json=json, quiet=quiet)
