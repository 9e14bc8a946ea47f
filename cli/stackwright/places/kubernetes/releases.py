"""Helm's own records of what it has installed, where a kill has left them as Helm cannot go on from."""

from __future__ import annotations

from stackwright.places.kubernetes import labels
from stackwright.places.kubernetes.cluster import asking, claimed, same
from stackwright.places.kubernetes.namespace import path
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace


def settle(ws: Workspace, known: set[str]) -> None:
    """Remove the records of releases that Terraform does not know, and of acts that were broken off.

    The objects stay: they carry Helm's annotations, and the next install or upgrade takes them over.
    """
    if not claimed(ws).uid:
        return
    with asking(ws.id, ws) as cluster:
        same(ws, cluster)
        for record in cluster.items(path(ws.id, "secrets"), labelSelector="owner=helm"):
            told = labels.on(record)
            if told.get("name") not in known or str(told.get("status", "")).startswith("pending-"):
                client_journal(ws).write("intent", "workload", "", labels.name(record))
                cluster.remove(path(ws.id, "secrets", labels.name(record)))
