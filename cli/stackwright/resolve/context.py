"""What a component sees of the world: the roots that its recipe's references start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import as_text, evaluate, interface_fields, is_segments
from stackwright.model.base import Secret
from stackwright.model.deployer import Deployer, ExternalDeployer, ProcessDeployer
from stackwright.model.plan import Endpoint, Environment
from stackwright.resolve.assign import share_name
from stackwright.resolve.draft import JOBS, Draft, Identity, Link
from stackwright.resolve.reach import address

Fields = dict[str, Any]


@dataclass
class World:
    """Addresses and folders of the whole stack; components must enter it servers first."""

    catalog: Catalog
    identity: Identity
    ports: Mapping[str, int]
    environments: Mapping[str, Environment]
    links: list[Link]
    drafts: dict[str, Draft] = field(default_factory=dict)
    contexts: dict[str, Fields] = field(default_factory=dict)
    _own: dict[tuple[str, str], Fields] = field(default_factory=dict)  # fields that an endpoint gives itself

    @property
    def deployer(self) -> ProcessDeployer:
        """How this machine runs things."""
        identity = self.identity
        apart = str(identity.state_dir / "components" / identity.id) if identity.root else None
        return ProcessDeployer(workspace=str(identity.workspace), unprivileged_root=apart)

    def at(self, draft: Draft) -> Deployer:
        """How a component is addressed."""
        given = draft.given or {}
        return ExternalDeployer(given["host"], given["port"]) if "host" in given else self.deployer

    def folder(self, draft: Draft) -> str:
        """The component's own folder."""
        return self.deployer.folder(draft.id, draft.recipe.root == "refused")

    def here(self, draft: Draft) -> str:
        """The catalog folder as the component's user can read it."""
        apart = self.identity.root and draft.recipe.root == "refused"
        return f"{self.folder(draft)}/entry" if apart else str(self.catalog.folder(draft.tool.id))

    def enter(self, draft: Draft) -> Fields:
        """The component's context; from now on others can see its endpoints."""
        self.drafts[draft.id] = draft
        folder = self.folder(draft)
        prefix = self.environments[draft.id].prefix
        endpoints = draft.recipe.endpoints
        listens = endpoints if draft.given is None else {}
        context: Fields = {
            "version": draft.tool.version or "",
            "settings": self._settings(draft),
            "secrets": {name: Secret(secret=f"{draft.id}.{name}") for name in draft.recipe.secrets},
            "listen": {name: self.deployer.listen(self._port(draft, name)) for name in listens},
            "files": {name: f"{folder}/run/{file.path or name}" for name, file in draft.recipe.files.items()},
            "data_dir": f"{folder}/data",
            "run_dir": f"{folder}/run",
            "self": {"host": self.deployer.listen(0)["host"], "name": "main", "index": 0},
            "here": self.here(draft),
            "prefix": prefix,
            "site_packages": f"{prefix}/site-packages",
        }
        self.contexts[draft.id] = context
        context["needs"] = self._needs(draft)
        context["endpoints"] = {name: self._seen(draft, name, {}, draft.target) for name in endpoints}
        context["published"] = {name: {"url": _url(fields)} for name, fields in context["endpoints"].items()}
        for name, endpoint in endpoints.items():
            own = evaluate(dict(endpoint.fields), context) if draft.given is None else draft.given
            self._own[draft.id, name] = own
        context["endpoints"] = {name: self._seen(draft, name, {}, draft.target) for name in endpoints}
        return context

    def over(self, link: Link) -> Fields:
        """The fields that a wire's consumer gets."""
        server = self.drafts[link.server]
        viewer = server.target if link.consumer == JOBS else self.drafts[link.consumer].target
        return self._seen(server, link.endpoint, self._share(server, link), viewer)

    def as_given(self, draft: Draft) -> Fields:
        """The fields of a server that runs elsewhere with the credentials that the manifest gives, nobody's share."""
        (endpoint,) = draft.tool.provides
        return self._seen(draft, endpoint, {}, draft.target)

    def grant_context(self, link: Link) -> Fields:
        """What the server's grant recipe sees for this wire."""
        name = str(link.grant)
        if self.drafts[link.server].given is not None:  # where shares of other stacks may lie
            name = share_name(self.identity.id, name)
        return {**self.contexts[link.server], "grant": {"name": name, "secret": Secret(secret=link.id)}}

    def _share(self, server: Draft, link: Link) -> Fields:
        recipe = server.recipe.grant
        given: Fields = evaluate(dict(recipe.fields), self.grant_context(link)) if recipe and link.grant else {}
        return given

    def _needs(self, draft: Draft) -> Fields:
        needs: Fields = {name: [] for name, need in draft.tool.needs.items() if need.many}
        for link in self.links:
            if link.consumer == draft.id:
                fields = self.over(link)
                if draft.tool.needs[link.need].many:
                    needs[link.need].append(fields)
                else:
                    needs[link.need] = fields
        return needs

    def _seen(self, server: Draft, endpoint: str, share: Fields, viewer: str) -> Fields:
        """An endpoint's fields as somebody on the viewer's target sees them, with this share of it."""
        base: Fields = dict(address(viewer, self.at(server), self._port(server, endpoint)))
        base["component"] = server.id
        interface = server.tool.provides.get(endpoint)
        own = self._own.get((server.id, endpoint), {})
        if interface is None:
            fields = {**base, **own}
        else:
            users = server.given is not None
            fields = interface_fields(self.catalog.interface(interface), base, own, share, users=users)
        return fields if "url" in fields else {**fields, "url": _url(fields)}

    def _settings(self, draft: Draft) -> Fields:
        """The settings; a folder that comes with the entry is read from the entry's copy, where there is one."""
        entry, here = str(self.catalog.folder(draft.tool.id)), self.here(draft)
        folders = [name for name, setting in draft.tool.settings.items() if setting.type == "folder"]
        return {
            name: f"{here}{value[len(entry) :]}" if name in folders and str(value).startswith(f"{entry}/") else value
            for name, value in draft.settings.items()
        }

    def _port(self, draft: Draft, endpoint: str) -> int:
        return 0 if draft.given is not None else self.ports[f"{draft.id}.{endpoint}"]


def _url(fields: Fields) -> str:
    return f"http://{fields['host']}:{fields['port']}"


def as_endpoint(interface: str, fields: Fields) -> Endpoint:
    """Fields as the plan holds them: texts and whole numbers."""
    plain: Fields = {}
    for name, value in sorted(fields.items()):
        if name in ("interface", "component") or value is None:
            continue
        whole = isinstance(value, int) and not isinstance(value, bool)
        plain[name] = value if whole or is_segments(value) else as_text(value)
    return Endpoint(interface=interface, fields=plain)
