"""The one namespace of a stack, in which everything of it lies."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.kubernetes import labels
from stackwright.places.kubernetes.cluster import ApiError, Cluster, Thing, asking, claim, same
from stackwright.runtime.cancel import check
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace

_LONGEST = 120.0  # seconds that an earlier one may take to go


def path(name: str, kind: str = "", thing: str = "") -> str:
    """Where the API has a namespace, or a kind of the core API in it."""
    parts = ["/api/v1/namespaces", name, kind, thing]
    return "/".join(part for part in parts if part)


def find(ws: Workspace) -> str | None:
    """Its uid; None where there is none of ours, or where it is going."""
    with asking(ws.id, ws) as cluster:
        same(ws, cluster)
        found = there(cluster, ws)
    return str(found["metadata"]["uid"]) if found and not going(found) else None


def there(cluster: Cluster, ws: Workspace) -> Thing | None:
    """The namespace, if it is ours."""
    found = cluster.find(path(ws.id))
    return found if found and labels.on(found).get(labels.STACK) == ws.id else None


def going(thing: Thing) -> bool:
    """Whether its end has been asked for."""
    return bool(thing["metadata"].get("deletionTimestamp"))


def ensure(ws: Workspace, section: Mapping[str, Any], cancel: threading.Event) -> str:
    """Have it, on the cluster that the manifest names, and answer its uid."""
    with asking(ws.id, ws, section.get("context")) as cluster:
        claim(ws, cluster, section)
        journal = client_journal(ws)
        journal.write("intent", "namespace", "", ws.id)
        _await_end(cluster, ws, cancel)
        try:
            cluster.make("/api/v1/namespaces", {"metadata": {"name": ws.id, "labels": {labels.STACK: ws.id}}})
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        found = there(cluster, ws)
        if found is None:
            raise StackError(_taken(ws.id))
        journal.write("done", "namespace", "", ws.id)
        return str(found["metadata"]["uid"])


def remove(ws: Workspace) -> None:
    """Have none, unless there is data in it: that goes with the stack's, as `stack down` says."""
    with asking(ws.id, ws) as cluster:
        same(ws, cluster)
        client_journal(ws).write("intent", "namespace", "", ws.id)
        if there(cluster, ws) and not cluster.items(path(ws.id, "persistentvolumeclaims")):
            cluster.remove(path(ws.id))
        client_journal(ws).write("stopped", "namespace", "", ws.id)


def _await_end(cluster: Cluster, ws: Workspace, cancel: threading.Event) -> None:
    """A namespace that is on its way out takes nothing new."""
    for _ in range(int(_LONGEST / 0.5)):
        found = there(cluster, ws)
        if found is None or not going(found):
            return
        check(cancel)
        cancel.wait(0.5)


def _taken(name: str) -> Diagnostic:
    return Diagnostic(
        code="P185",
        summary="namespace is somebody else's",
        detail=f"The cluster has a namespace `{name}` without this stack's label, so it is not touched.",
        hint=f"see whose it is, and remove it if nobody needs it\n    kubectl describe namespace {name}",
    )
