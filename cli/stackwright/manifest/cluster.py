"""What a manifest says of the cluster that it runs on: words that go together."""

from __future__ import annotations

from collections.abc import Iterator

from stackwright.errors import Diagnostic, Where, listed
from stackwright.manifest.schema import ClusterShape
from stackwright.model.cluster import CLOUDS, EXISTING, Cluster, Gpu, Nodes
from stackwright.yamlfile import Document

_MADE_ELSEWHERE = ("region", "nodes", "gpu")  # words for machines that a cloud lends
_SAY_IT = ("kind-", "k3d-")  # contexts whose name tells how images get to the nodes


def cluster_of(shape: ClusterShape | None, document: Document) -> tuple[Cluster | None, list[Diagnostic]]:
    """The cluster with the places of its words, and what does not go together."""
    if shape is None:
        return None, []
    written = document.data["cluster"]
    places = {key: document.where("cluster", key, key=True) for key in written}
    for pool in ("nodes", "gpu"):
        places |= {f"{pool}.{key}": document.where("cluster", pool, key) for key in written.get(pool) or ()}
    where = document.where("cluster", key=True)
    found = [*_mistakes(shape, where, places)]
    nodes, gpu = shape.nodes.model_dump(), shape.gpu.model_dump() if shape.gpu else None
    plain = shape.model_dump(exclude={"nodes", "gpu"})
    cluster = Cluster(**plain, nodes=Nodes(**nodes), gpu=Gpu(**gpu) if gpu else None, where=where, places=places)
    return (None if found else cluster), found


def _mistakes(shape: ClusterShape, where: Where, places: dict[str, Where]) -> Iterator[Diagnostic]:
    if shape.registry and shape.load:
        detail = "Images are pushed to a `registry`, or they are put into the nodes' own store: `load`."
        yield Diagnostic("M026", "images go two ways", detail, places["load"], "leave out `registry` or `load`")
    for key, at in places.items():
        if wanted := _wanted(shape.provider, key):
            detail = f"`{key}` is for {listed(wanted)}, and this cluster's provider is `{shape.provider}`."
            hint = f"leave `{key}` out, or write\n    provider: {wanted[0]}"
            yield Diagnostic("M027", "word for another kind of cluster", detail, at, hint)
    for name, pool in (("nodes", shape.nodes), ("gpu", shape.gpu)):
        if pool and pool.min > pool.max:
            detail = f"`{name}` has at least {pool.min} and at most {pool.max}."
            place = places.get(f"{name}.min") or places[f"{name}.max"]
            yield Diagnostic("M028", "more at least than at most", detail, place, f"write\n    max: {pool.min}")
    told = shape.registry or shape.load or (shape.context or _SAY_IT[0]).startswith(_SAY_IT)
    if shape.provider == EXISTING and not told:
        detail = "Images are made on this machine, and nothing says how the cluster's nodes get them."
        hint = "name a registry that they pull from, or the kind of nodes\n    registry: HOST/PATH\n    load: kind"
        yield Diagnostic("M029", "no way for images", detail, where, hint)


def _wanted(provider: str, key: str) -> tuple[str, ...]:
    """The providers that a word is for, where this one is not among them."""
    wanted = {"context": (EXISTING,), "load": (EXISTING,), **dict.fromkeys(_MADE_ELSEWHERE, CLOUDS)}.get(key, ())
    return () if provider in wanted else wanted
