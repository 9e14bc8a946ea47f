"""What of a stack is in a cluster, by the API's own list of all that can be listed; taking it away; the proof."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from stackwright.errors import StackError
from stackwright.places.kubernetes import delivery, labels, namespace
from stackwright.places.kubernetes.cluster import ApiError, Cluster, SilenceError, Thing, asking, claimed, same
from stackwright.runtime import journal
from stackwright.runtime.steps import client_journal
from stackwright.runtime.sweep import Leftover
from stackwright.runtime.workspace import Workspace

_KINDS = ("namespace", "delivery", "secret", "workload")  # of the journal
_PATIENCE = 45.0  # seconds for the cluster's own way, before finalizers are cleared
_LONGEST = 180.0
_LOOK = 0.5
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
_META = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_DATA = ("persistentvolumeclaims", "persistentvolumes", "namespaces")  # what `--keep-data` leaves
# Of these the API keeps copies under other names, or nothing that anybody could remove.
_NOT_THINGS = ("componentstatuses", "events", "bindings")


class Kind(NamedTuple):
    """One kind of things that can be listed."""

    base: str  # `/api/v1`, `/apis/apps/v1`
    plural: str
    namespaced: bool

    def all(self) -> str:
        """The list of all of them."""
        return f"{self.base}/{self.plural}"

    def one(self, thing: Thing) -> str:
        """One of them."""
        meta = thing["metadata"]
        within = f"/namespaces/{meta['namespace']}" if meta.get("namespace") else ""
        return f"{self.base}{within}/{self.plural}/{meta['name']}"


@dataclass
class Census:
    """One listing of a cluster, and what of it is the stack's."""

    cluster: Cluster
    ws: Workspace
    found: list[tuple[Kind, Thing]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)  # kinds that could not be listed
    looked_at: dict[str, int] = field(default_factory=dict)

    def take(self) -> Census:
        """Look at every kind, in every namespace and at the cluster's own scope."""
        every, kinds = 0, list(_kinds(self.cluster))
        for kind in kinds:
            try:
                listed = self._list(kind)
            except (ApiError, SilenceError):
                self.unseen.append(kind.plural)
                continue
            every += len(listed)
            self.found += [(kind, thing) for thing in listed if self._ours(kind, thing)]
        self.looked_at = {"kinds in the cluster": len(kinds) - len(self.unseen), "objects of them": every}
        if self.unseen:
            self.looked_at["kinds that could not be listed"] = len(self.unseen)
        return self

    def _list(self, kind: Kind) -> list[Thing]:
        """Only names and labels, but of volumes, which say whose they are in their spec."""
        if kind.plural == "persistentvolumes":
            return self.cluster.items(kind.all())
        try:
            found = self.cluster.accepted(kind.all(), _META)
        except ApiError as error:
            if error.status != 403 or not kind.namespaced:
                raise
            # Whoever may not look everywhere may look at his own.
            found = self.cluster.accepted(f"{kind.base}/namespaces/{self.ws.id}/{kind.plural}", _META)
        return list(found.get("items") or ())

    def _ours(self, kind: Kind, thing: Thing) -> bool:
        if labels.on(thing).get(labels.STACK) == self.ws.id:
            return True
        claim = (thing.get("spec", {}).get("claimRef") or {}) if kind.plural == "persistentvolumes" else {}
        return claim.get("namespace") == self.ws.id

    def left(self, keep_data: bool) -> Iterator[tuple[Kind, Thing]]:
        """What should not be there."""
        for kind, thing in self.found:
            if not (keep_data and kind.plural in _DATA):
                yield kind, thing


def sweep(ws: Workspace, keep_data: bool, keep_images: bool) -> list[Leftover]:
    """Take away what is ours; returns what nobody expected, as the namespace and its volumes are never gone before."""
    cluster = _reached(ws)
    if cluster is None:
        return []
    with asking(ws.id, ws):
        journal_ = client_journal(ws)
        journal_.write("intent", "namespace", "", ws.id)
        before = list(Census(cluster, ws).take().left(keep_data))
        if before or not keep_data:
            _remove(cluster, ws, before, keep_data)
        journal_.write("stopped", "namespace", "", ws.id)
        images = {} if keep_images else delivery.loaded(cluster, ws)
        for name, way in images.items():
            delivery.unload(way, name)
    return [_leftover(kind, thing) for kind, thing in before if kind.plural not in _DATA and not _follows(kind, thing)]


def prove(ws: Workspace, keep_data: bool, keep_images: bool) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing (empty: the proof), and how many things were looked at."""
    cluster = _reached(ws)
    if cluster is None:
        return [], {}
    with asking(ws.id, ws):
        census = Census(cluster, ws).take()
        left = [_leftover(kind, thing) for kind, thing in census.left(keep_data)]
        images = {} if keep_images else delivery.loaded(cluster, ws)
        left += [Leftover("image", name, "", delivery.command(way, name)) for name, way in images.items()]
    return left, census.looked_at


def _reached(ws: Workspace) -> Cluster | None:
    """The cluster that the stack is on, or may be on where its workspace was deleted; None where it is on none."""
    began = claimed(ws).uid or any(e["kind"] in _KINDS for e in journal.read(ws.journal_dir / "client.jsonl"))
    if not began and ws.whole:
        return None
    try:
        with asking(ws.id, ws) as cluster:
            same(ws, cluster)
    except StackError:
        if began:
            raise
        return None  # nobody knows, and most stacks have nothing in a cluster
    return cluster


def _remove(cluster: Cluster, ws: Workspace, found: list[tuple[Kind, Thing]], keep_data: bool) -> None:
    """Ask for everything's end, the namespace last, and see to it that it comes."""
    _have_volumes_deleted(cluster, found)
    for kind, thing in sorted(found, key=lambda one: one[0].plural in _DATA):
        if kind.plural == "persistentvolumes":
            continue  # they follow their claims
        with suppress(ApiError):  # what has no end of its own goes with its owner
            cluster.remove(kind.one(thing))
    began, forced = time.monotonic(), False
    while time.monotonic() - began < _LONGEST:
        left = list(Census(cluster, ws).take().left(keep_data))
        if not left:
            return
        if not forced and time.monotonic() - began > _PATIENCE:
            forced = True
            for kind, thing in left:
                _force(cluster, kind, thing)
        time.sleep(_LOOK)


def _have_volumes_deleted(cluster: Cluster, found: list[tuple[Kind, Thing]]) -> None:
    """A class may want volumes retained; the stack's data goes with the stack."""
    for kind, thing in found:
        if kind.plural == "persistentvolumes" and thing["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
            cluster.patch(kind.one(thing), {"spec": {"persistentVolumeReclaimPolicy": "Delete"}})


def _force(cluster: Cluster, kind: Kind, thing: Thing) -> None:
    """What does not go: a finalizer whose owner is gone, a pod on a node that is gone."""
    with suppress(ApiError):
        if kind.plural == "namespaces":
            for one, inner in _within(cluster, thing["metadata"]["name"]):
                _force(cluster, one, inner)
            return
        if thing["metadata"].get("finalizers"):
            cluster.patch(kind.one(thing), {"metadata": {"finalizers": None}})
        cluster.remove(kind.one(thing), grace=0)


def _within(cluster: Cluster, name: str) -> Iterator[tuple[Kind, Thing]]:
    """Everything in a namespace, labelled or not: something in it keeps it from going."""
    for kind in _kinds(cluster):
        if kind.namespaced:
            with suppress(ApiError, SilenceError):
                listed = cluster.accepted(f"{kind.base}/namespaces/{name}/{kind.plural}", _META)
                yield from ((kind, thing) for thing in listed.get("items") or ())


def _kinds(cluster: Cluster) -> Iterator[Kind]:
    """Every kind that can be listed, each group in the version that it prefers."""
    for root in ("/api", "/apis"):
        answer = cluster.accepted(root, _DISCOVERY)
        for group in answer["items"] if "items" in answer else _older(cluster, root, answer):
            name = group["metadata"].get("name") or ""
            for version in group["versions"][:1]:
                base = "/".join(part for part in (root, name, version["version"]) if part)
                for one in version.get("resources", ()):
                    if "list" in one.get("verbs", ()) and one["resource"] not in _NOT_THINGS:
                        yield Kind(base, one["resource"], one["scope"] == "Namespaced")


def _older(cluster: Cluster, root: str, answer: Thing) -> Iterator[dict[str, Any]]:
    """The same from a server that has no such list in one piece."""
    groups = answer.get("groups") or [{"name": "", "preferredVersion": {"version": v}} for v in answer["versions"]]
    for group in groups:
        version = group["preferredVersion"]["version"]
        base = "/".join(part for part in (root, group["name"], version) if part)
        with suppress(ApiError):  # an aggregated server that is not there
            listed = cluster.get(base)["resources"]
            found = [
                {"resource": one["name"], "verbs": one["verbs"], "scope": "Namespaced" if one["namespaced"] else ""}
                for one in listed if "/" not in one["name"]
            ]  # fmt: skip
            yield {"metadata": {"name": group["name"]}, "versions": [{"version": version, "resources": found}]}


def _leftover(kind: Kind, thing: Thing) -> Leftover:
    meta = thing["metadata"]
    within = f" --namespace {meta['namespace']}" if meta.get("namespace") else ""
    group = kind.base.split("/")[2] if kind.base.startswith("/apis/") else ""
    full = f"{kind.plural}.{group}" if group else kind.plural
    detail = "its end was asked for" if namespace.going(thing) else ""
    return Leftover(full, meta["name"], detail, f"kubectl delete {full} {meta['name']}{within}")


def _follows(kind: Kind, thing: Thing) -> bool:
    """Whether it goes with its owner, or with what is on its way out anyway."""
    return bool(thing["metadata"].get("ownerReferences")) or namespace.going(thing) or kind.plural == "endpoints"
