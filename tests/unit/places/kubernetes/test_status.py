"""What is told of pods: their processes' states, and what a component has lost behind our back."""

from __future__ import annotations

from typing import Any

import pytest

import apiserver
from stackwright.places.kubernetes import cluster, forwarding, status
from stackwright.runtime import units
from stackwright.runtime.workspace import Workspace

BORN = "2026-11-24T12:00:00Z"


def pod(spec: dict[str, Any], state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The component's pod, its one container in this state."""
    meta = {"name": "database-0", "labels": spec["pod"]["labels"], "creationTimestamp": BORN, "uid": "p", **more}
    container = {"name": "main", "restartCount": 0, "lastState": {}, **state}
    scheduled = [{"type": "PodScheduled", "status": "True"}]
    return {"metadata": meta, "status": {"containerStatuses": [container], "conditions": scheduled}}


@pytest.fixture
def told(api: apiserver.Api, ws: Workspace, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is said of the process in a namespace that has everything, with this pod; or without what is named."""
    monkeypatch.setattr(forwarding, "leads", lambda *_: True)
    with cluster.asking("x", ws) as found:
        cluster.claim(ws, found, {})

    def say(*pods: dict[str, Any], without: str = "") -> units.Seen:
        thing = {"metadata": {"name": "database"}}
        api.lists(f"/apis/apps/v1/namespaces/{ws.id}/statefulsets", *([] if without == "set" else [thing]))
        api.lists(f"/api/v1/namespaces/{ws.id}/services", *([] if without == "service" else [thing]))
        api.lists(f"/api/v1/namespaces/{ws.id}/pods", *pods)
        return status.units_of(ws)["database/main"]

    return say


def test_it_runs(told: Any, spec: dict[str, Any]) -> None:
    """Up since its start; one that was started again says how it ended."""
    assert told(pod(spec, {"state": {"running": {"startedAt": BORN}}}))[2:] == ("up", 1795521600.0, 0, "", None)

    over = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": BORN}}
    again = told(pod(spec, {"state": {"running": {"startedAt": BORN}}, "restartCount": 2, "lastState": over}))
    assert (again.state, again.restarts) == ("up", 2)
    assert again.reason == "was killed, because it used more memory than there is for it, and was started again"


def test_it_does_not(told: Any, spec: dict[str, Any]) -> None:
    """Waiting, failed, going, gone: each in its own words."""
    waiting = told(pod(spec, {"state": {"waiting": {"reason": "ContainerCreating"}}}))
    assert (waiting.state, waiting.reason) == ("restarting", "waits for its image and volumes")

    over = {"terminated": {"exitCode": 3, "finishedAt": BORN}}
    backing = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3, "lastState": over}
    failed = told(pod(spec, backing))
    assert (failed.state, failed.reason) == ("failed", "exited with status 3 at 12:00:00 UTC")

    going = told(pod(spec, {"state": {"running": {"startedAt": BORN}}}, deletionTimestamp=BORN))
    assert (going.state, going.reason) == ("down", "its pod is being deleted")
    assert told().reason == "its pod is gone"


@pytest.mark.parametrize(("what", "reason"), [("set", "its StatefulSet is gone"), ("service", "its Service is gone")])
def test_something_was_removed(told: Any, spec: dict[str, Any], what: str, reason: str) -> None:
    """Though its pod may run on, the component is not what it was."""
    seen = told(pod(spec, {"state": {"running": {"startedAt": BORN}}}), without=what)
    assert (seen.state, seen.reason) == ("failed", reason)


def test_nothing_leads_there(told: Any, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that nobody here reaches is not up for anybody here."""
    monkeypatch.setattr(forwarding, "leads", lambda *_: False)
    seen = told(pod(spec, {"state": {"running": {"startedAt": BORN}}}))
    assert (seen.state, seen.reason) == ("failed", "its ports are not forwarded to this machine")


def test_the_last_lines(api: apiserver.Api, ws: Workspace, spec: dict[str, Any]) -> None:
    """The lines of all its containers in their order; then only what came since."""
    with cluster.asking("x", ws) as found:
        cluster.claim(ws, found, {})
    one = pod(spec, {"state": {"running": {"startedAt": BORN}}}, namespace=ws.id)
    one["spec"] = {"containers": [{"name": "main"}]}
    api.lists(f"/api/v1/namespaces/{ws.id}/pods", one)
    place = f"/api/v1/namespaces/{ws.id}/pods/database-0/log"
    api.answers[place] = "2026-11-24T12:00:01.1Z one\n2026-11-24T12:00:02.2Z two words\n"
    log = status.Log(ws, "database")

    assert log.last(1) == ["two words"]
    assert log.fresh() == []
    api.answers[place] += "2026-11-24T12:00:02.3Z three\n"
    assert log.fresh() == ["three"]
