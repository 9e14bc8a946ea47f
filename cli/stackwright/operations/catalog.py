"""What the catalog holds, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean, listed
from stackwright.model.report import CatalogList, CatalogTool, Progress, ProveResult, Trusted
from stackwright.operations import trust as trusting

if TYPE_CHECKING:
    from stackwright.catalog.load import Catalog
    from stackwright.model.catalog import Hosted, Recipe


def tools(layer: str | None = None, every: bool = False, others: Sequence[str] = ()) -> CatalogList:
    """The tools that run here; of one layer or with `every` also those that the catalog only knows about."""
    from stackwright.model.manifest import layers_of

    catalog = _with(others)
    layers = catalog.layers()
    wanted = layers_of(layer) if layer else tuple(layers)
    if not set(wanted) <= set(layers):
        hint = did_you_mean(str(layer), layers, f"the layers are {listed(layers)}")
        raise StackError(Diagnostic("U020", "unknown layer", f"`{layer}` is not a layer.", hint=hint), Exit.USAGE)
    ids = catalog.tools()
    # Most entries only say what a tool is: they are not read unless they are asked for.
    found = [_shown(catalog, name) for name in ids if every or layer or catalog.targets(name)]
    chosen = [one for one in found if layer is None or set(wanted) & set(one.tool.layers)]
    return CatalogList(wanted, tuple(chosen), len(ids))


def show(tool_id: str, others: Sequence[str] = ()) -> tuple[CatalogTool, Recipe | None, Hosted | None]:
    """One tool, how it is run, and how its vendor's service is reached."""
    from stackwright.model.deployer import HostedDeployer

    catalog = _with(others)
    known(tool_id, catalog.tools())
    found = _shown(catalog, tool_id)
    hosted = catalog.hosted(tool_id) if HostedDeployer.target in found.targets else None
    return found, catalog.recipe(tool_id), hosted


def _shown(catalog: Catalog, tool_id: str) -> CatalogTool:
    from stackwright.catalog.proof import on_gpus, verdict

    targets = {target: verdict(catalog, tool_id, target) for target in catalog.targets(tool_id)}
    return CatalogTool(catalog.tool(tool_id), targets, on_gpus(catalog, tool_id, targets))


def check(ids: Sequence[str] = (), others: Sequence[str] = ()) -> list[Diagnostic]:
    """Every mistake in the entries asked for (by default all, of other catalogs where some are named)."""
    from stackwright.catalog.checks import check as check_catalog

    catalog = _with(others)
    for name in ids:
        known(name, catalog.tools())
    return check_catalog(catalog, ids or None)


def lock(ids: Sequence[str], others: Sequence[str] = ()) -> dict[str, Path]:
    """Resolve the entries' packages anew and write their locks; all that have any, where none is named."""
    from stackwright.catalog.lock import lock as lock_entry
    from stackwright.catalog.lock import locks

    if any(text.startswith("git+") for text in others):
        raise StackError(_not_writable(f"`{others[0]}` is a commit of somebody's repository."), Exit.USAGE)
    catalog = _with(others, to_run=True)  # what has no wheel is built, which runs its code
    for name in ids:
        known(name, catalog.tools())
    chosen = ids or [name for name in catalog.own_tools() if locks(catalog.recipe(name))]
    return {name: _lock_sources(catalog, name) or lock_entry(catalog, name) for name in chosen}


def _lock_sources(catalog: Catalog, tool_id: str) -> Path | None:
    """Write the locks of what comes from elsewhere than PyPI; the last one, where nothing comes from there."""
    from stackwright.catalog.refs import evaluate
    from stackwright.model.catalog import SOURCES
    from stackwright.runtime.sources import lock as lock_source

    recipe, written = catalog.recipe(tool_id), None
    for source, wanted in (recipe.install.sources if recipe else {}).items():
        if SOURCES[source]:
            words = evaluate(list(wanted), {"version": catalog.tool(tool_id).version})
            written = catalog.folder(tool_id) / SOURCES[source]
            written.write_text(lock_source(source, tuple(words)), encoding="utf-8")
    return written if recipe and not recipe.install.packages else None


def new(tool_id: str, layers: Sequence[str], kind: str, package: str | None, other: str | None) -> Path:
    """The beginning of an entry, in the shipped catalog of a checkout or in a folder of one's own."""
    from stackwright.catalog.load import Catalog
    from stackwright.catalog.scaffold import scaffold
    from stackwright.catalog.sources import name_of

    shipped = Catalog.shipped()
    if other is None and folders.shipped().name == "_share":
        detail = "The shipped catalog is part of this installation; yours is a folder of your own."
        hint = f"name one, which may be new\n    stack catalog new {tool_id} --catalog DIR"
        raise StackError(Diagnostic("U024", "where should it be", detail, hint=hint), Exit.USAGE)
    name = name_of(other, Path.cwd()) if other else ""
    mine = Path(name)
    if name.startswith("git+") or (name and mine.exists() and not mine.is_dir()):
        raise StackError(_not_writable(f"`{other}` is none."), Exit.USAGE)
    fresh = bool(name) and not (mine.exists() and any(mine.iterdir()))
    made = scaffold(Catalog((*shipped.folders, mine)) if name else shipped, tool_id, layers, kind, package or tool_id)
    if fresh:  # who makes a catalog need not be asked whether it may run
        trusting.trust(name, always=True)
    return made


def _not_writable(detail: str) -> Diagnostic:
    return Diagnostic("U025", "not a folder to write in", detail, hint="name a folder of yours with --catalog DIR")


def trust(others: Sequence[str], *, always: bool, forget: bool) -> list[Trusted]:
    """Let catalogs of other people run, or no longer; what was named, or all that may where nothing was."""
    from stackwright.catalog.sources import name_of

    names = [name_of(text, Path.cwd()) for text in others]
    if forget:
        for name in names:
            trusting.forget(name)
        return []
    return [trusting.trust(name, always=always) for name in names] or trusting.trusted()


def _with(others: Sequence[str], *, to_run: bool = False) -> Catalog:
    """The shipped catalog, and those named on the command line; looking at one needs no trust."""
    from stackwright.catalog.sources import name_of

    return trusting.opened({name_of(text, Path.cwd()): None for text in others}, to_run=to_run)


def known(tool_id: str, tools: list[str]) -> None:
    """StackError unless the catalog has this tool."""
    if tool_id in tools:
        return
    hint = did_you_mean(tool_id, tools, "the tools are listed by\n    stack catalog list")
    detail = f"No tool `{tool_id}` is in the catalog."
    raise StackError(Diagnostic("U021", "unknown tool", detail, hint=hint), Exit.USAGE)


def prove(
    words: Sequence[str],
    progress: Progress,
    *,
    every: bool = False,
    changed: bool = False,
    at_a_time: int = 1,
    keep: bool = False,
    others: Sequence[str] = (),
    target: str = "process",
    base: str | None = None,
    cluster: Sequence[str] = (),
) -> list[ProveResult]:
    """Run tools for real, and write a proof for each that passed. `cluster`: KEY=VALUE, as in a manifest."""
    from stackwright.operations.proving import Terms
    from stackwright.operations.provings import prove_many, wanted

    catalog = _with(others, to_run=True)
    section = tuple((key, value) for key, _, value in (word.partition("=") for word in cluster))
    terms = Terms(keep, base, cluster=section)
    return prove_many(catalog, wanted(catalog, words, every, changed, target), at_a_time, terms, progress)
