"""The cluster of a stack: whether there is one, and whether what is asked of it can be had."""

from __future__ import annotations

from collections.abc import Iterable

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.model.cluster import CLOUDS, Cluster
from stackwright.model.deployer import KubernetesDeployer
from stackwright.model.manifest import Manifest
from stackwright.resolve.draft import Draft, listed, runs_jobs


def cluster_of(
    manifest: Manifest, drafts: Iterable[Draft], catalog: Catalog
) -> tuple[Cluster | None, list[Diagnostic]]:
    """The cluster where a component runs on one: the manifest's, else that of the kubeconfig's current context."""
    drafts = list(drafts)
    inside = [draft for draft in drafts if draft.contained and runs_jobs(draft, catalog)]
    found = [_two_places(inside)] if len({draft.target for draft in inside}) > 1 else []
    if all(draft.target != KubernetesDeployer.target for draft in drafts):
        return None, found
    cluster = manifest.cluster or Cluster()
    if cluster.provider in CLOUDS and not cluster.registry:
        found.append(_no_registry(cluster))
    return cluster, found


def _no_registry(cluster: Cluster) -> Diagnostic:
    detail = (
        f"Images are made on this machine, and nothing says from where the machines of `{cluster.provider}` pull them."
    )
    where = cluster.places.get("provider", cluster.where)
    hint = "name a registry that you are logged in to, and that they may read\n    registry: HOST/PATH"
    return Diagnostic("R029", "no way for images into a cloud", detail, where, hint)


def _two_places(runners: list[Draft]) -> Diagnostic:
    detail = f"{' and '.join(draft.shown for draft in runners)} run jobs in containers on {_targets(runners)}."
    hint = f"run them in one place\n    target: {runners[0].target}"
    return Diagnostic("R030", "jobs are run in two places", detail, runners[-1].place("target"), hint)


def _targets(drafts: list[Draft]) -> str:
    return listed(dict.fromkeys(draft.target for draft in drafts))
