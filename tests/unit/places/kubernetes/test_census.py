"""Everything that can be listed is looked at; ours is what has our label, or was claimed from our namespace."""

from __future__ import annotations

from typing import Any

import pytest

import apiserver
from stackwright.places.kubernetes import census, cluster
from stackwright.runtime.workspace import Workspace


def group(name: str, version: str, **kinds: bool) -> dict[str, Any]:
    """A group of the API, as its discovery tells of it."""
    found = [
        {"resource": kind, "verbs": ["list", "delete"], "scope": "Namespaced" if namespaced else "Cluster"}
        for kind, namespaced in kinds.items()
    ]
    return {"metadata": {"name": name}, "versions": [{"version": version, "resources": found}]}


def thing(name: str, namespace: str = "", stack: str = "", **more: Any) -> dict[str, Any]:
    """An object of the API."""
    labels = {"stackwright.stack": stack} if stack else {}
    place = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, "labels": labels, **place}, **more}


@pytest.fixture
def api(api: apiserver.Api, ws: Workspace) -> apiserver.Api:
    """A cluster with some of ours, and much of others'."""
    api.answers["/api"] = {"items": [group("", "v1", pods=True, persistentvolumes=False, events=True)]}
    api.answers["/apis"] = {
        "items": [group("example.com", "v2", widgets=False), group("dead.example", "v1", ghosts=True)]
    }
    api.lists("/api/v1/pods", thing("mine", ws.id, ws.id), thing("theirs", "other", "another-1f2e3d"))
    mine, theirs = ({"claimRef": {"namespace": name, "name": "data"}} for name in (ws.id, "other"))
    retained = {**mine, "persistentVolumeReclaimPolicy": "Retain"}
    api.lists(
        "/api/v1/persistentvolumes", thing("pvc-1", spec=retained), thing("pvc-2", spec=theirs), thing("pvc-3", spec={})
    )
    api.lists("/apis/example.com/v2/widgets", thing("wide", stack=ws.id))
    api.answers["/apis/dead.example/v1/ghosts"] = 503
    with cluster.asking("x", ws) as found:
        cluster.claim(ws, found, {})
    return api


def test_what_is_ours(api: apiserver.Api, ws: Workspace) -> None:
    """In every namespace and at the cluster's own scope; what could not be looked at is said."""
    left, looked_at = census.prove(ws, False, True)

    assert {(one.kind, one.what) for one in left} == {
        ("pods", "mine"),
        ("persistentvolumes", "pvc-1"),
        ("widgets.example.com", "wide"),
    }
    assert looked_at == {"kinds in the cluster": 3, "objects of them": 6, "kinds that could not be listed": 1}
    assert next(one.hint for one in left if one.kind == "pods") == f"kubectl delete pods mine --namespace {ws.id}"


def test_kept_data(api: apiserver.Api, ws: Workspace) -> None:
    """Volumes are no leftovers of a `down` that keeps the data."""
    left, _ = census.prove(ws, True, True)
    assert {one.kind for one in left} == {"pods", "widgets.example.com"}


def test_an_older_server(api: apiserver.Api, ws: Workspace) -> None:
    """One that tells of its kinds group by group is understood, too."""
    api.answers["/api"] = {"versions": ["v1"]}
    pods = {"name": "pods", "namespaced": True, "verbs": ["list"]}
    api.answers["/api/v1"] = {"resources": [pods, {**pods, "name": "pods/status"}, {**pods, "verbs": ["create"]}]}
    api.answers["/apis"] = {"groups": [{"name": "example.com", "preferredVersion": {"version": "v2"}}]}
    api.answers["/apis/example.com/v2"] = {"resources": [{"name": "widgets", "namespaced": False, "verbs": ["list"]}]}

    left, _ = census.prove(ws, False, True)
    assert {one.kind for one in left} == {"pods", "widgets.example.com"}


def test_nothing_was_ever_there(api: apiserver.Api, ws: Workspace) -> None:
    """A stack that has never been in a cluster asks none."""
    (ws.root / "cluster").unlink()
    assert census.prove(ws, False, True) == ([], {})


def test_it_is_taken_away(api: apiserver.Api, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume that its class would retain is deleted with its claim; what has a finalizer of nobody's loses it."""
    monkeypatch.setattr(census, "_PATIENCE", 0.0)
    monkeypatch.setattr(census, "_LONGEST", 1.0)
    held = thing("wide", stack=ws.id)
    held["metadata"]["finalizers"] = ["example.com/nobody"]
    api.lists("/apis/example.com/v2/widgets", held)
    api.answers["/apis/example.com/v2/widgets/wide"] = held

    found = census.sweep(ws, False, True)

    assert {(one.kind, one.what) for one in found} == {("pods", "mine"), ("widgets.example.com", "wide")}
    assert (
        "PATCH",
        "/api/v1/persistentvolumes/pvc-1",
        {"spec": {"persistentVolumeReclaimPolicy": "Delete"}},
    ) in api.done
    assert ("PATCH", "/apis/example.com/v2/widgets/wide", {"metadata": {"finalizers": None}}) in api.done
    asked = {path for verb, path, _ in api.done if verb == "DELETE"}
    assert "/api/v1/persistentvolumes/pvc-2" not in asked and "/api/v1/namespaces/other/pods/theirs" not in asked
