"""Need to server, by one rule: the wire the manifest names, else the one component that offers the interface,
else (for a required need) the interface's default tool joins the stack. An optional need stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.model.catalog import Need
from stackwright.model.plan import Note
from stackwright.resolve import wire_mistakes as mistakes
from stackwright.resolve.assign import grant_names, slots
from stackwright.resolve.draft import JOBS, Draft, Link, listed
from stackwright.resolve.join import default_server, descends_from
from stackwright.resolve.reach import refusal

Offer = tuple[Draft, str]  # a component and the endpoint of it that answers
Origin = Literal["manifest", "stack", "default"]


def wire(drafts: list[Draft], catalog: Catalog) -> tuple[list[Draft], list[Link], list[Note], list[Diagnostic]]:
    """All components (those that joined at the end), all wires, what people should know, and what is wrong."""
    wirer = _Wirer(catalog, list(drafts))
    wirer.run()
    return wirer.drafts, wirer.named(), wirer.notes, wirer.found


@dataclass
class _Wirer:
    catalog: Catalog
    drafts: list[Draft]
    links: list[Link] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    own: set[str] = field(default_factory=set)  # components that answer one need and no other

    def run(self) -> None:
        """Needs of one server first: they decide who joins, and a `many` need wants everybody."""
        late: list[tuple[Draft, str]] = []
        done = self._answer_all(0, late)
        for draft, name in late:
            self._answer(draft, name, draft.tool.needs[name])
        self._answer_all(done, None)
        self._wire_jobs()

    def named(self) -> list[Link]:
        """The wires, each share of a server with a name of its own."""
        shares = [link for link in self.links if self._gives_shares(link)]
        names = grant_names([(link.consumer, link.slot) for link in shares])
        return [replace(link, grant=names.get((link.consumer, link.slot))) for link in self.links]

    def _gives_shares(self, link: Link) -> bool:
        """Whether the server's grant fills fields of the interface that this wire carries."""
        grant = next(draft for draft in self.drafts if draft.id == link.server).recipe.grant
        return bool(grant and set(grant.fields) & set(self.catalog.interface(link.interface).fields))

    def _answer_all(self, done: int, late: list[tuple[Draft, str]] | None) -> int:
        """Every need of the components from `done` on, those that join on the way too; `late` takes what must wait."""
        while done < len(self.drafts):
            draft = self.drafts[done]
            for name, need in draft.tool.needs.items():
                if late is not None and (need.many or self._names_somebody_to_come(draft, name)):
                    late.append((draft, name))
                else:
                    self._answer(draft, name, need)
            done += 1
        return done

    def _names_somebody_to_come(self, draft: Draft, name: str) -> bool:
        return not all(any(d.known_as(word) for d in self.drafts) for word in draft.needs.get(name, ()))

    def _answer(self, draft: Draft, name: str, need: Need) -> None:
        if name in draft.needs:
            self._answer_as_named(draft, name, need)
            return
        offers = self._offers(draft, need)
        fitting = [offer for offer in offers if _has_features(offer, need)]
        if need.many and fitting:
            self._connect_many(draft, name, self._reached(draft, name, fitting), "stack")
        elif len({server.id for server, _ in fitting}) > 1:
            self.found.append(mistakes.ambiguous(draft, name, need, [server for server, _ in fitting]))
        elif fitting:
            self._connect(draft, name, name, fitting[0], "stack")
        elif need.optional:
            self._leave_empty(draft, name, need, offers)
        else:
            self._join(draft, name, need, offers)

    def _offers(self, draft: Draft, need: Need) -> list[Offer]:
        """Who may answer; where a component that was chosen fits, those that only joined are not asked."""
        offers = [
            (server, endpoint)
            for server in self.drafts
            if server is not draft and server.id not in self.own
            for endpoint, interface in server.tool.provides.items()
            if interface in need.interface and not self.catalog.interface(interface).exclusive
        ]
        chosen = [offer for offer in offers if not offer[0].joined]
        return chosen if not need.many and any(_has_features(offer, need) for offer in chosen) else offers

    def _answer_as_named(self, draft: Draft, name: str, need: Need) -> None:
        words = draft.needs[name]
        if len(words) != 1 and not need.many:
            self.found.append(mistakes.too_many(draft, name))
            return
        offers = [offer for word in words for offer in self._named_offers(draft, name, need, word)]
        if need.many:
            self._connect_many(draft, name, offers, "manifest")
        elif offers:
            self._connect(draft, name, name, offers[0], "manifest")

    def _named_offers(self, draft: Draft, name: str, need: Need, word: str) -> list[Offer]:
        """Endpoints of the component that a word of the manifest means: by its id, else the able one of its layer."""
        meant = [d for d in self.drafts if d is not draft and d.known_as(word)]
        if not meant:
            self.found.append(mistakes.unknown_component(draft, name, word, self.drafts))
            return []
        able = [d for d in meant if set(need.interface) & set(d.tool.provides.values())]
        exact = [d for d in able if d.id == word] or able
        if not exact:
            self.found.append(mistakes.wrong_interface(draft, name, need, word, self.drafts))
            return []
        if len(exact) > 1:
            self.found.append(mistakes.ambiguous(draft, name, need, exact))
            return []
        server = exact[0]
        speaks = [(server, e) for e, interface in server.tool.provides.items() if interface in need.interface]
        fitting = [offer for offer in speaks if _has_features(offer, need)]
        if not fitting:
            self.found.append(mistakes.lacks_features(draft, name, need, server, speaks[0][1]))
        return fitting

    def _connect(self, draft: Draft, name: str, slot: str, offer: Offer, origin: Origin) -> None:
        server, endpoint = offer
        reason = _unreached(draft, server)
        if reason:
            self.found.append(mistakes.unreachable(draft, name, server, reason))
            return
        interface = server.tool.provides[endpoint]
        self.links.append(Link(draft.id, name, slot, server.id, endpoint, interface, origin))

    def _reached(self, draft: Draft, name: str, offers: list[Offer]) -> list[Offer]:
        """Those of everybody that it can reach; nobody asked for the others by name."""
        for server in {server.id: server for server, _ in offers if _unreached(draft, server)}.values():
            text = f"`{name}` does without `{server.id}`: {_unreached(draft, server)}."
            self.notes.append(Note(component=draft.id, text=text))
        return [offer for offer in offers if not _unreached(draft, offer[0])]

    def _connect_many(self, draft: Draft, name: str, offers: list[Offer], origin: Origin) -> None:
        """A wire for each endpoint, named after it, so that one more server leaves the others' wires alone."""
        names = slots([(server.id, endpoint) for server, endpoint in offers])
        for server, endpoint in offers:
            self._connect(draft, name, f"{name}.{names[server.id, endpoint]}", (server, endpoint), origin)

    def _join(self, draft: Draft, name: str, need: Need, offers: list[Offer]) -> None:
        reason = f"no layer offers one{f' with {listed(need.features)}' if offers else ''}"
        if any(self.catalog.interface(interface).exclusive for interface in need.interface):
            reason = "shares it with nobody"
        joining = default_server(draft, name, need, reason, self.catalog)
        if joining is None:
            servers = [server for server, _ in offers]
            self.found.append(mistakes.unanswered(draft, name, need, servers, self.catalog))
            return
        server, endpoint = joining
        if descends_from(draft, self.drafts, server.tool.id):
            self.found.append(mistakes.endless(draft, name, server.tool.id))
            return
        self.drafts.append(server)
        if self.catalog.interface(server.tool.provides[endpoint]).exclusive:
            self.own.add(server.id)
        if need.many:
            self._connect_many(draft, name, [joining], "default")
        else:
            self._connect(draft, name, name, joining, "default")

    def _leave_empty(self, draft: Draft, name: str, need: Need, offers: list[Offer]) -> None:
        wanted = listed(need.interface, "or")
        if offers:
            servers = " and ".join(server.shown for server, _ in offers)
            reason = f"it wants a {wanted} with {listed(need.features)}, which {servers} does not have"
        else:
            reason = f"nothing in the stack offers a {wanted}"
        self.notes.append(Note(component=draft.id, text=f"`{name}` stays empty: {reason}. {need.about}"))

    def _wire_jobs(self) -> None:
        """The stack's jobs reach every endpoint that has a client, with shares of their own."""
        ways = [
            (server.id, endpoint, interface)
            for server in self.drafts
            if server.id not in self.own
            for endpoint, interface in server.tool.provides.items()
            if self.catalog.interface(interface).client is not None
        ]
        names = slots([(server, endpoint) for server, endpoint, _ in ways])
        for server, endpoint, interface in ways:
            slot = names[server, endpoint]
            self.links.append(Link(JOBS, slot, slot, server, endpoint, interface, "stack"))


def _unreached(draft: Draft, server: Draft) -> str:
    return refusal(draft.target, server.target, str((server.given or {}).get("host", "")))


def _has_features(offer: Offer, need: Need) -> bool:
    server, endpoint = offer
    return set(need.features) <= set(server.tool.features.get(endpoint, ()))
