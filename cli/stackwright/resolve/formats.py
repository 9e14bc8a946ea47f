"""Model formats: whether what training makes and the registry keeps is what the serving tool takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.model.plan import Note
from stackwright.resolve.draft import Draft, listed


def formats(drafts: Sequence[Draft], catalog: Catalog) -> tuple[list[Diagnostic], list[Note]]:
    """The serving tools that no registry of the stack has a model for, and training whose models cannot be served.

    A tool that declares no formats takes any file. Jobs make what they like, so what training makes in vain is noted
    and no mistake.
    """
    makers, keepers, servers = (
        [draft for draft in drafts if layer in draft.layers] for layer in ("training", "model-registry", "serving")
    )
    found = [
        _nothing_common(server, keepers, catalog)
        for server in servers
        if keepers and not any(_fit(keeper, server) for keeper in keepers)
    ]
    takers = keepers or servers  # a registry may hand a model on as something else than it was given
    notes = [
        Note(component=maker.id, text=_in_vain(maker, takers))
        for maker in makers
        if takers and not any(_fit(maker, taker) for taker in takers)
    ]
    return found, notes


def _fit(giver: Draft, taker: Draft) -> bool:
    given, taken = giver.tool.formats, taker.tool.formats
    return not given or not taken or bool(set(given) & set(taken))


def _formats(drafts: Iterable[Draft]) -> list[str]:
    return sorted({name for draft in drafts for name in draft.tool.formats})


def _nothing_common(server: Draft, keepers: Sequence[Draft], catalog: Catalog) -> Diagnostic:
    kept = _formats(keepers)
    tools = (catalog.tool(tool) for tool in catalog.tools() if catalog.targets(tool))
    others = [tool.id for tool in tools if "serving" in tool.layers and set(kept) & set(tool.formats)]
    detail = (
        f"{server.shown} takes models as {listed(server.tool.formats)}, and "
        f"{' and '.join(keeper.shown for keeper in keepers)} keeps them as {listed(kept)}."
    )
    hint = f"`serving` from there is done by {listed(others)}" if others else ""
    return Diagnostic("R027", "no common model format", detail, server.where, hint)


def _in_vain(maker: Draft, takers: Sequence[Draft]) -> str:
    return (
        f"It makes models as {listed(maker.tool.formats)}, and {' and '.join(taker.shown for taker in takers)} takes "
        f"{listed(_formats(takers))}: its models go no further; those that jobs make may."
    )
