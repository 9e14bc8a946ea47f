"""Stacks in a cluster, driven by the real command line; all that a cluster has of one, listed without the product."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cluster as clusters
from dockerstack import BASE
from livestack import Live

SECTION = json.loads(os.environ.get("STACK_TEST_CLUSTER", '{"load": "containerd", "storage": "1Gi"}'))
NOT_THINGS = ("componentstatuses", "events", "events.events.k8s.io", "bindings")
Thing = dict[str, Any]


@dataclass
class Clustered(Live):
    """One stack in the cluster."""

    cluster: clusters.Reached | None = None
    section: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    patience: float = 580  # images are made, and brought there, in some of its commands

    def write(self, layers: Mapping[str, Any]) -> Clustered:
        """Write the manifest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = {"name": self.name, "target": "kubernetes", "docker": {"base": BASE}, "jobs": self.jobs}
        manifest |= {"cluster": SECTION | self.section, "layers": dict(layers)}
        (self.folder / "stack.yaml").write_text(json.dumps(manifest))
        return self

    @property
    def id(self) -> str:
        """Its namespace, and what is on its labels."""
        return str(json.loads((self.root / "stack.json").read_text())["id"])

    def kubectl(self, *words: str) -> str:
        """What `kubectl` says of the stack's namespace."""
        assert self.cluster
        return self.cluster.kubectl("--namespace", self.id, *words)

    def get(self, *words: str) -> Any:
        """The same as a document."""
        return json.loads(self.kubectl("get", *words, "--output=json"))

    def pod(self, component: str) -> Thing:
        """The component's pod."""
        found: list[Thing] = self.get("pods", f"--selector=stackwright.component={component}")["items"]
        assert len(found) == 1, [pod["metadata"]["name"] for pod in found]
        return found[0]

    def revisions(self) -> dict[str, int]:
        """How often Helm has changed each component, by its own records."""
        records = self.get("secrets", "--selector=owner=helm")["items"]
        found: dict[str, int] = {}
        for labels in (record["metadata"]["labels"] for record in records):
            found[labels["name"]] = max(found.get(labels["name"], 0), int(labels["version"]))
        return found


def things_of(cluster: clusters.Reached, stack: str) -> list[str]:
    """Everything of a stack, in every namespace and at the cluster's own scope, volumes of its claims, too."""
    found = []
    for kind, thing in _everything(cluster):
        meta, claim = thing["metadata"], thing.get("spec", {}).get("claimRef") or {}
        ours = (meta.get("labels") or {}).get("stackwright.stack") == stack
        if ours or stack in (meta.get("namespace"), meta["name"], claim.get("namespace")):
            found.append(f"{kind} {meta.get('namespace', '')}/{meta['name']}")
    return found


def _everything(cluster: clusters.Reached) -> Iterator[tuple[str, Thing]]:
    kinds = [kind for kind in _kinds(str(cluster.kubeconfig)) if kind not in NOT_THINGS]
    listed = json.loads(cluster.kubectl("get", ",".join(kinds), "--all-namespaces", "--output=json"))
    yield from ((thing["kind"], thing) for thing in listed["items"])


@cache
def _kinds(kubeconfig: str) -> list[str]:
    return clusters.Reached(Path(kubeconfig)).kubectl("api-resources", "--verbs=list", "--output=name").split()


@contextmanager
def somebody_else(cluster: clusters.Reached) -> Iterator[str]:
    """A namespace that is none of ours, with things in it whose labels are much like ours; removed in the end."""
    name = f"stranger-{os.getpid()}"
    labels = {"stackwright.stack": f"{name}-1f2e3d", "stackwright.component": "database"}
    cluster.apply(
        [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "database", "namespace": name, "labels": labels},
                "data": {"kept": "1"},
            },
        ]
    )
    try:
        yield name
        assert json.loads(cluster.kubectl("get", "configmap", "database", "-n", name, "-o", "json"))["data"] == {
            "kept": "1"
        }
    finally:
        cluster.kubectl("delete", "namespace", name)


@contextmanager
def clustered(
    root: Path, name: str, layers: Mapping[str, Any], cluster: clusters.Reached, **more: Any
) -> Iterator[Clustered]:
    """A stack that is down in the end, whatever happened to it."""
    stack = Clustered(root / name, f"{name}{os.getpid()}", cluster=cluster, **more).write(layers)
    try:
        yield stack
    finally:
        if stack.watermark():
            stack.down()
