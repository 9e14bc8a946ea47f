"""`stack catalog`: the tools that stacks are made of."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.framework import Command, Group, command_app
from stackwright.commands.options import JsonOption, answer
from stackwright.errors import Exit, StackError

app = command_app(cls=Group, invoke_without_command=True)
Tools = Annotated[list[str] | None, typer.Argument(metavar="[TOOL]...", help="Tools; without any, all of them.")]


@app.callback()
def catalog(context: typer.Context) -> None:
    """Look at the tools a stack can be made of.

    A tool is a folder of the catalog: what it is, how it is installed, started and checked, and how it speaks the
    verbs of its layers.

    Example:
        stack catalog list --layer serving
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", cls=Command, short_help="List the tools.")
def list_(
    layer: Annotated[str | None, typer.Option("--layer", "-l", metavar="LAYER", help="Only tools for this.")] = None,
    json: JsonOption = False,
) -> Exit:
    """List the tools.

    One tool with its version and the layers it fills; a layer marked ~ it fills in part.

    Example:
        stack catalog list
        stack catalog list --layer model-registry
    """
    from stackwright.operations import catalog as operations
    from stackwright.views import catalog as views

    found = operations.tools(layer)
    return answer("catalog list", {"tools": found}, lambda page: views.tools(page, found, layer), json=json)


@app.command("show", cls=Command, short_help="Show all that a manifest can say about a tool.")
def show(tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool.")], json: JsonOption = False) -> Exit:
    """Show all that a manifest can say about a tool.

    Shows its layers, what it provides and needs, its settings with their defaults, and what it installs.

    Example:
        stack catalog show TOOL
    """
    from stackwright.operations import catalog as operations
    from stackwright.views import catalog as views

    found, recipe = operations.show(tool)
    result = {"tool": found, "recipe": recipe}
    return answer("catalog show", result, lambda page: views.tool(page, found, recipe), json=json)


@app.command("check", cls=Command, short_help="Check catalog entries without running anything.")
def check(tools: Tools = None, json: JsonOption = False) -> Exit:
    """Check catalog entries without running anything.

    Proves that every key is known, every reference leads somewhere, every need has an interface, and every verb of
    the tool's layers is spoken. Exit code 2 with every mistake at once.

    Example:
        stack catalog check
        stack catalog check TOOL
    """
    from stackwright.operations import catalog as operations
    from stackwright.views import catalog as views

    ids = tools or []
    mistakes = operations.check(ids)
    if any(mistake.severity == "error" for mistake in mistakes):
        raise StackError(mistakes, Exit.USAGE)
    result = {"checked": ids or "all"}
    return answer("catalog check", result, lambda page: views.checked(page, ids), json=json, warnings=mistakes)


@app.command("lock", cls=Command, short_help="Pin what tools install, with hashes.")
def lock(tools: Tools = None, json: JsonOption = False) -> Exit:
    """Pin what tools install, with hashes.

    Resolves the packages of the recipes once for all platforms and writes lock.txt into their folders. Needs the
    package registry.

    Example:
        stack catalog lock TOOL
    """
    from stackwright.operations import catalog as operations
    from stackwright.views import catalog as views

    ids = tools or []
    operations.lock(ids)
    return answer("catalog lock", {"locked": ids or "all"}, lambda page: views.locked(page, ids), json=json)
