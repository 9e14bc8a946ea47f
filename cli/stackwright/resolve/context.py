"""What a component sees of the world: the roots that its recipe's references start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from stackwright.catalog.forms import references
from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import as_text, evaluate, interface_fields, is_segments
from stackwright.model.base import Secret
from stackwright.model.cluster import Cluster
from stackwright.model.deployer import (
    Contained,
    Deployer,
    DockerDeployer,
    ExternalDeployer,
    KubernetesDeployer,
    Port,
    ProcessDeployer,
    Starter,
)
from stackwright.model.plan import Endpoint, Environment
from stackwright.resolve.assign import hosts, share_name
from stackwright.resolve.draft import JOBS, Draft, Identity, Link, runs_jobs
from stackwright.resolve.reach import ITSELF, address, refusal

Fields = dict[str, Any]


@dataclass
class World:
    """Addresses and folders of the whole stack; components must enter it servers first."""

    catalog: Catalog
    identity: Identity
    ports: Mapping[str, int]
    environments: Mapping[str, Environment]
    links: list[Link]
    everybody: Sequence[Draft] = ()  # those that are still to come, too
    cluster: Cluster | None = None  # of those on one
    drafts: dict[str, Draft] = field(default_factory=dict)
    contexts: dict[str, Fields] = field(default_factory=dict)

    def at(self, draft: Draft) -> Deployer:
        """How a component is addressed."""
        given = draft.given or {}
        return ExternalDeployer(given["host"], given["port"]) if "host" in given else self.starter(draft)

    def starter(self, draft: Draft) -> Starter:
        """How a component is started, and where it has its things."""
        if draft.contained:
            return self.container(draft)
        identity, refuses_root = self.identity, draft.recipe.root == "refused"
        apart = identity.root and refuses_root  # then it lives where its user can go, with a copy of its entry
        base = identity.state_dir / "components" / identity.id if apart else identity.workspace / "components"
        folder = str(base / draft.id)
        here = f"{folder}/entry" if apart else str(self.catalog.folder(draft.tool.id))
        return ProcessDeployer(folder, here, self.environments[draft.id].prefix)

    def container(self, draft: Draft) -> Contained:
        """How a component is started in containers."""
        name, prefix = self.hosts[draft.id], self.environments[draft.id].prefix
        if draft.target == KubernetesDeployer.target:
            return KubernetesDeployer(name, prefix, self.identity.id)
        made = DockerDeployer(name, prefix)
        # What jobs read and write on this machine is theirs who runs the stack.
        return replace(made, user=self.identity.user) if runs_jobs(draft, self.catalog) else made

    @cached_property
    def hosts(self) -> dict[str, str]:
        """What components are called where they find each other by name."""
        return hosts(draft.id for draft in self.everybody)

    def enter(self, draft: Draft) -> Fields:
        """The component's context; from now on others can see its endpoints."""
        self.drafts[draft.id] = draft
        starter, endpoints = self.starter(draft), draft.recipe.endpoints
        listens = endpoints if draft.given is None else {}
        told = self.told(draft)
        context: Fields = {
            "version": draft.tool.version or "",
            "settings": self._settings(draft, starter),
            "secrets": {name: Secret(secret=f"{draft.id}.{name}") for name in draft.recipe.secrets},
            "listen": {name: starter.listen(self.port(draft, name), alone=name not in told) for name in listens},
            "files": {name: f"{starter.folder}/run/{file.path or name}" for name, file in draft.recipe.files.items()},
            "data_dir": f"{starter.folder}/data",
            "run_dir": f"{starter.folder}/run",
            "self": {"host": starter.itself(Port(0, 0))["host"], "name": "main", "index": 0},
            "here": starter.here,
            "prefix": starter.prefix,
            "site_packages": f"{starter.prefix}/site-packages",
        }
        self.contexts[draft.id] = context
        context["needs"] = self._needs(draft)
        seen = {name: address(self.viewer(JOBS), self.at(draft), self.port(draft, name)) for name in listens}
        context["published"] = {name: {"url": _url(fields)} for name, fields in seen.items()}
        context["endpoints"] = {name: self.seen(draft, name, {}, ITSELF) for name in endpoints}
        return context

    def told(self, draft: Draft) -> set[str]:
        """The endpoints that somebody else asks: those that are offered, and those that their fields tell of."""
        endpoints = draft.recipe.endpoints
        outer = {name for name, endpoint in endpoints.items() if not endpoint.internal}
        texts = [value for name in outer for value in endpoints[name].fields.values() if isinstance(value, str)]
        paths = [path for text in texts for path in references(text)]
        return outer | {path[1] for path in paths if path[0] in ("endpoints", "listen", "published")}

    def viewer(self, consumer: str) -> str:
        """The target that a wire's consumer looks from; jobs are on this machine."""
        return ProcessDeployer.target if consumer == JOBS else self.drafts[consumer].target

    def unreached(self, viewer: str, server: str) -> str:
        """Why somebody on that target does not reach it, or nothing."""
        draft = self.drafts[server]
        return refusal(viewer, draft.target, str((draft.given or {}).get("host", "")))

    def over(self, link: Link, viewer: str | None = None) -> Fields:
        """The fields that a wire's consumer gets, or how they look from elsewhere."""
        server = self.drafts[link.server]
        return self.seen(server, link.endpoint, self._share(server, link), viewer or self.viewer(link.consumer))

    def as_given(self, draft: Draft) -> Fields:
        """The fields of a server that runs elsewhere with the credentials that the manifest gives, nobody's share."""
        (endpoint,) = draft.tool.provides
        return self.seen(draft, endpoint, {}, ITSELF)

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

    def seen(self, server: Draft, endpoint: str, share: Fields, viewer: str) -> Fields:
        """An endpoint's fields as somebody on the viewer's target sees them, with this share of it."""
        bare = {name: self._fields(server, name, {}, {}, viewer) for name in server.recipe.endpoints}
        own = server.given
        if own is None:  # its fields may tell of its other endpoints, which the viewer sees in its own way, too
            around = {**self.contexts[server.id], "endpoints": bare}
            own = evaluate(dict(server.recipe.endpoints[endpoint].fields), around)
        return self._fields(server, endpoint, own, share, viewer)

    def _fields(self, server: Draft, endpoint: str, own: Fields, share: Fields, viewer: str) -> Fields:
        base: Fields = dict(address(viewer, self.at(server), self.port(server, endpoint)))
        base["component"] = server.id
        interface = server.tool.provides.get(endpoint)
        if interface is None:
            fields = {**base, **own}
        else:
            users = server.given is not None
            fields = interface_fields(self.catalog.interface(interface), base, own, share, users=users)
        return fields if "url" in fields else {**fields, "url": _url(fields)}

    def _settings(self, draft: Draft, starter: Starter) -> Fields:
        """The settings; a folder is where the component finds it: with its entry, or a user's by itself."""
        entry, settings = str(self.catalog.folder(draft.tool.id)), dict(draft.settings)
        for name in folders_of(draft):
            if settings[name].startswith(f"{entry}/"):
                settings[name] = starter.here + settings[name][len(entry) :]
            elif draft.contained:
                settings[name] = f"{Contained.folders}/{name}"
        return settings

    def port(self, draft: Draft, endpoint: str) -> Port:
        """The endpoint's numbers."""
        usual = draft.recipe.endpoints[endpoint].port
        return Port(usual, usual if draft.given is not None else self.ports[f"{draft.id}.{endpoint}"])


def folders_of(draft: Draft) -> list[str]:
    """Its settings that are folders, and set."""
    settings = draft.tool.settings.items()
    return [name for name, setting in settings if setting.type == "folder" and draft.settings.get(name)]


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
