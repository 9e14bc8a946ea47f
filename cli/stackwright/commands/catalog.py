"""`stack catalog`: the tools that stacks are made of."""

from __future__ import annotations

from typing import Annotated

import typer

from stackwright.commands.framework import Command, Group, command_app
from stackwright.commands.options import JsonOption, QuietOption, answer
from stackwright.errors import Exit, StackError
from stackwright.operations import catalog as operations
from stackwright.views import catalog as views

app = command_app(cls=Group, invoke_without_command=True)
Others = Annotated[
    list[str] | None,
    typer.Option("--catalog", metavar="DIR|git+URL@COMMIT", help="Another catalog, beside the shipped one."),
]
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


@app.command("list", cls=Command)
def list_(
    layer: Annotated[str | None, typer.Option("--layer", "-l", metavar="LAYER", help="Only tools for this.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also tools that nothing here can run.")] = False,
    others: Others = None,
    json: JsonOption = False,
) -> Exit:
    """List the tools.

    For every layer the tools that run on this machine; one marked ~ fills the layer in part. With a layer, each tool
    with its version and when it was proven, and then what else is known for it and what became of that.

    Example:
        stack catalog list
        stack catalog list --layer model-registry
    """
    found = operations.tools(layer, every, others or [])
    tools = [{**dict(one.tool), "targets": one.targets} for one in found.tools]
    return answer("catalog list", {"tools": tools}, lambda page: views.tools(page, found), json=json)


@app.command(cls=Command)
def show(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool.")],
    others: Others = None,
    json: JsonOption = False,
) -> Exit:
    """Show all that is known of a tool.

    Shows its layers, where it runs, what became of it and who says so; what it provides and needs, its settings with
    their defaults, what it installs, and the credentials of its vendor's service.

    Example:
        stack catalog show TOOL
    """
    found, recipe, hosted = operations.show(tool, others or [])
    result = {"tool": found.tool, "targets": found.targets, "recipe": recipe, "hosted": hosted}
    return answer("catalog show", result, lambda page: views.tool(page, found, recipe, hosted), json=json)


@app.command(cls=Command)
def new(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="Its name: small letters, digits and `-`.")],
    layers: Annotated[
        list[str] | None, typer.Option("--layer", "-l", metavar="LAYER", help="What it does; may be repeated.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="service, library or job.")] = "library",
    package: Annotated[
        str | None, typer.Option("--package", metavar="NAME[==VERSION]", help="Its package on PyPI; without it, TOOL.")
    ] = None,
    other: Annotated[
        str | None,
        typer.Option("--catalog", metavar="DIR", help="A catalog of your own, made if it is not there."),
    ] = None,
    *,
    json: JsonOption = False,
) -> Exit:
    """Begin an entry for a tool.

    Writes tool.yaml, recipe.yaml, smoke.py and lock.txt with what is known so far, and comments that say what belongs
    where. The entry passes `check` as it is; what is left to write are its verbs.

    Example:
        stack catalog new TOOL --layer database --catalog my-catalog
    """
    made = operations.new(tool, layers or [], kind, package, other)
    result = {"tool": tool, "folder": made}
    return answer("catalog new", result, lambda page: views.begun(page, tool, made, other), json=json)


@app.command(cls=Command)
def check(tools: Tools = None, others: Others = None, json: JsonOption = False) -> Exit:
    """Check catalog entries without running anything.

    Proves that every key is known, every reference leads somewhere, every need has an interface, and every verb of
    the tool's layers is spoken. Exit code 2 with every mistake at once.

    Example:
        stack catalog check
        stack catalog check TOOL
    """
    ids = tools or []
    mistakes = operations.check(ids, others or [])
    if any(mistake.severity == "error" for mistake in mistakes):
        raise StackError(mistakes, Exit.USAGE)
    result = {"checked": ids or "all"}
    return answer("catalog check", result, lambda page: views.checked(page, ids), warnings=mistakes, json=json)


@app.command(cls=Command)
def lock(tools: Tools = None, others: Others = None, json: JsonOption = False) -> Exit:
    """Pin what tools install, with hashes.

    Resolves the packages of the recipes once for all platforms and writes lock.txt into their folders. Needs the
    package registry.

    Example:
        stack catalog lock TOOL
    """
    done = list(operations.lock(tools or [], others or []))
    return answer("catalog lock", {"locked": done}, lambda page: views.locked(page, done), json=json)


@app.command(cls=Command)
def prove(
    tools: Annotated[list[str] | None, typer.Argument(metavar="[TOOL[@TARGET]]...", help="What to prove.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every tool that runs on this machine.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that were never proven, or have changed since.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack of a tool that fails, to look at it.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="So many at a time.")] = 1,
    *,
    target: Annotated[str, typer.Option("--target", metavar="TARGET", help="Where, if not said.")] = "process",
    base: Annotated[str | None, typer.Option("--base", metavar="IMAGE", help="What images are made from.")] = None,
    cluster: Annotated[
        list[str] | None, typer.Option("--cluster", metavar="KEY=VALUE", help="As in a manifest's `cluster:`.")
    ] = None,
    others: Others = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> Exit:
    """Run tools for real and write down what was seen.

    Brings each tool up in a stack of its own with the tools it needs beside it, speaks the verbs of its layers, takes
    the stack down and looks whether anything is left. When at least one step of every full layer passed and none
    failed, the proof is written to proof/TARGET.json in the tool's folder. Exit code 1 if a tool was not proven.

    Example:
        stack catalog prove TOOL
        stack catalog prove --changed --jobs 2
        stack catalog prove --all --target docker
        stack catalog prove TOOL@kubernetes --cluster load=containerd
    """
    from stackwright.views import prove as views
    from stackwright.views.progress import progress

    with progress(quiet) as tell:
        results = operations.prove(
            tools or [],
            tell,
            every=every,
            changed=changed,
            at_a_time=jobs,
            keep=keep,
            others=others or [],
            target=target,
            base=base,
            cluster=cluster or [],
        )
    reasons = [reason for result in results for reason in result.reasons]
    code = Exit.FAILED if reasons else Exit.FINE
    return answer(
        "catalog prove",
        {"proven": results},
        lambda page: views.proven(page, results),
        code,
        reasons,
        json=json,
        quiet=quiet,
    )


@app.command(cls=Command)
def trust(
    others: Annotated[
        list[str] | None, typer.Argument(metavar="[DIR|git+URL@COMMIT]...", help="What to trust; without it, a list.")
    ] = None,
    always: Annotated[
        bool, typer.Option("--always", help="Whatever it comes to hold: for a folder that you write yourself.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Trust it no longer.")] = False,
    json: JsonOption = False,
) -> Exit:
    """Let a catalog of somebody else run here.

    A catalog says which programs run on this machine, as you. So one that does not ship with Stackwright is refused
    until you have said that it may, as it is now: once it has changed, it is refused again.

    Example:
        stack catalog trust my-catalog --always
        stack catalog trust git+https://HOST/PATH@COMMIT
    """
    found = operations.trust(others or [], always=always, forget=forget)
    return answer("catalog trust", {"trusted": found}, lambda page: views.trusted(page, found, forget), json=json)
