"""What wiring can get wrong, for people: each says why a component is there when nobody named it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, nearest
from stackwright.model.catalog import Need
from stackwright.resolve.draft import Draft, listed


def unknown_component(draft: Draft, name: str, word: str, drafts: Iterable[Draft]) -> Diagnostic:
    """A wire names something that is not in the stack."""
    known = sorted({key for d in drafts if d is not draft for key in (d.id, *d.keys, *d.layers)})
    near = nearest(word, known)
    hint = f"did you mean `{near}`?" if near else f"the stack has {listed(known)}" if known else "add a layer for it"
    detail = f"{draft.shown} names `{word}` for its `{name}`, and the stack has no such component or layer."
    return Diagnostic("R009", "unknown component", detail, draft.place(f"needs.{name}"), hint)


def wrong_interface(draft: Draft, name: str, need: Need, word: str, drafts: Iterable[Draft]) -> Diagnostic:
    """A wire names a component that does not speak what is needed."""
    able = [d.id for d in drafts if d is not draft and set(need.interface) & set(d.tool.provides.values())]
    detail = f"{draft.shown} needs a {listed(need.interface, 'or')} for its `{name}`; `{word}` does not offer one."
    hint = f"{listed(able)} would do" if able else f"leave `{name}` out of `needs`"
    return Diagnostic("R010", "component does not offer the interface", detail, draft.place(f"needs.{name}"), hint)


def ambiguous(draft: Draft, name: str, need: Need, servers: Sequence[Draft]) -> Diagnostic:
    """Several components could answer."""
    ids = list(dict.fromkeys(server.id for server in servers))
    detail = (
        f"{draft.shown} needs a {listed(need.interface, 'or')} for its `{name}`, "
        f"and {listed(ids)} offer one.{_reason(draft)}"
    )
    hint = f"say which under `{draft.keys[0]}`\n    needs: {{{name}: {ids[0]}}}" if draft.keys else _choose_it(draft)
    return Diagnostic("R011", "several components answer a need", detail, draft.place(f"needs.{name}"), hint)


def unanswered(draft: Draft, name: str, need: Need, without: Sequence[Draft], catalog: Catalog) -> Diagnostic:
    """A required need that neither the stack nor a default tool answers."""
    wanted = listed(need.interface, "or") + (f" with {listed(need.features)}" if need.features else "")
    offered = f"{listed(s.id for s in without)} has no {listed(need.features)}" if without else "nothing offers one"
    detail = f"{draft.shown} needs a {wanted} for its `{name}`; {offered}, and no default tool does.{_reason(draft)}"
    tools = [t for t in catalog.tools() if draft.target in catalog.targets(t) and _provides(catalog, t, need)]
    hint = f"give a layer one of {listed(tools)}" if tools else "the tools are listed by\n    stack catalog list"
    return Diagnostic("R012", "need has no answer", detail, draft.where, hint)


def lacks_features(draft: Draft, name: str, need: Need, server: Draft, endpoint: str) -> Diagnostic:
    """The component a wire names offers the interface, but not all that is needed of it."""
    missing = [f for f in need.features if f not in server.tool.features.get(endpoint, ())]
    detail = f"{draft.shown} needs {listed(missing)} of its `{name}`, which {server.shown} does not have."
    hint = f"leave `{name}` out of `needs`" if need.optional else f"choose another tool for `{server.id}`"
    return Diagnostic("R013", "component lacks a feature", detail, draft.place(f"needs.{name}"), hint)


def unreachable(draft: Draft, name: str, server: Draft, reason: str) -> Diagnostic:
    """Two targets that do not meet."""
    detail = f"{draft.shown} cannot reach {server.shown} for its `{name}`: {reason}.{_reason(draft)}"
    hint = f"run both on one target\n    target: {server.target}"
    if server.given is not None:
        hint = "name the address under which other machines find it, or run both on this machine\n    target: process"
    return Diagnostic("R014", "targets do not reach each other", detail, draft.place(f"needs.{name}"), hint)


def cycle(path: Sequence[str], drafts: Iterable[Draft]) -> Diagnostic:
    """Components that wait for each other."""
    start = next(draft for draft in drafts if draft.id == path[0])
    detail = f"Each of these needs the next to be there first: {' → '.join(f'`{step}`' for step in path)}."
    hint = "wire one of them to another component, under its layer\n    needs: {NEED: COMPONENT}"
    return Diagnostic("R015", "components need each other", detail, start.where, hint)


def endless(draft: Draft, name: str, tool: str) -> Diagnostic:
    """A default tool that needs itself again, and never the same one."""
    detail = f"{draft.shown} needs another `{tool}` for its `{name}`, and so on without end.{_reason(draft)}"
    return Diagnostic("R016", "default tools need each other", detail, draft.where, _choose_it(draft))


def too_many(draft: Draft, name: str) -> Diagnostic:
    """A list where one server is wanted."""
    detail = f"`{name}` of {draft.shown} takes one component, not {len(draft.needs[name])}."
    hint = f"write\n    needs: {{{name}: COMPONENT}}"
    return Diagnostic("R017", "need takes one component", detail, draft.place(f"needs.{name}"), hint)


def _provides(catalog: Catalog, tool: str, need: Need) -> bool:
    provided = catalog.tool(tool)
    return any(
        interface in need.interface and set(need.features) <= set(provided.features.get(endpoint, ()))
        for endpoint, interface in provided.provides.items()
    )


def _reason(draft: Draft) -> str:
    """Why a component is there that the manifest does not name."""
    return f" `{draft.id}` is in the stack because {draft.because}." if draft.joined else ""


def _choose_it(draft: Draft) -> str:
    consumer, _, need = draft.id.rpartition(".")
    return f"choose its server yourself: add a layer for it, and under `{consumer}`\n    needs: {{{need}: THAT-LAYER}}"
