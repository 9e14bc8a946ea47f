"""Each way in which a component cannot become ready has its own name, and the cluster's own words."""

from __future__ import annotations

import time
from typing import Any

import pytest

import apiserver
from stackwright.places.kubernetes import cluster
from stackwright.places.kubernetes.trouble import Trouble

Pod = dict[str, Any]


def at(seconds: float) -> str:
    """So many seconds ago, as the API says it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def pod(spec: dict[str, Any], **status: Any) -> Pod:
    """The component's pod."""
    container = {"name": "main", "image": "stackwright/tinydb:1", "resources": {"requests": {"cpu": "200"}}}
    meta = {"name": "database-0", "namespace": spec["pod"]["namespace"], "creationTimestamp": at(60), "uid": "p"}
    scheduled = {"type": "PodScheduled", "status": "True"}
    return {"metadata": meta, "spec": {"containers": [container]}, "status": {"conditions": [scheduled], **status}}


def container(restarts: int = 0, name: str = "main", **state: Any) -> dict[str, Any]:
    """A container's status."""
    last = state.pop("last", {})
    image = "stackwright/tinydb:1"
    return {"name": name, "image": image, "restartCount": restarts, "state": state, "lastState": last, "ready": False}


def event(about: str, reason: str, message: str) -> dict[str, Any]:
    """An event of a moment ago."""
    return {
        "metadata": {"name": f"{about}.{reason}"},
        "involvedObject": {"name": about}, "reason": reason, "message": message, "lastTimestamp": at(1),
    }  # fmt: skip


@pytest.fixture
def trouble(api: apiserver.Api, spec: dict[str, Any]) -> Trouble:
    """Of the component, with a log, and no events yet."""
    namespace = spec["pod"]["namespace"]
    api.answers[f"/api/v1/namespaces/{namespace}/pods/database-0/log"] = "one\nsecret\n"
    api.lists(f"/api/v1/namespaces/{namespace}/events")
    return Trouble(cluster.connect(), spec, lambda text: text.replace("secret", "***"))


def unscheduled(spec: dict[str, Any], message: str, seconds: float = 30) -> Pod:
    """No node has taken it for so long."""
    told = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pod(spec, conditions=[{**told, "lastTransitionTime": at(seconds)}])


def test_no_node_takes_it(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """After a moment's patience the scheduler's reason is told, unless somebody is making a node."""
    why = "0/1 nodes are available: 1 Insufficient cpu."
    assert trouble.of(unscheduled(spec, why, seconds=3), 3) is None

    found = trouble.of(unscheduled(spec, why), 30)
    assert found and found.code == "P175" and why in found.detail and "200 cpu" in found.detail

    namespace = spec["pod"]["namespace"]
    api.lists(f"/api/v1/namespaces/{namespace}/events", event("database-0", "TriggeredScaleUp", "pod triggered"))
    assert trouble.of(unscheduled(spec, why), 30) is None


def test_its_volume_cannot_be_had(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """The claim's own event says why."""
    why = 'storageclass.storage.k8s.io "gone" not found'
    events = f"/api/v1/namespaces/{spec['pod']['namespace']}/events"
    api.lists(events, event("data-database-0", "ProvisioningFailed", why))

    found = trouble.of(unscheduled(spec, "pod has unbound immediate PersistentVolumeClaims"), 30)
    assert found and found.code == "P193" and why in found.detail


def test_its_volume_came_late(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """The scheduler does not hear of it at once; nothing is wrong."""
    events = f"/api/v1/namespaces/{spec['pod']['namespace']}/events"
    api.lists(events, event("data-database-0", "ProvisioningSucceeded", "Successfully provisioned volume"))

    assert trouble.of(unscheduled(spec, "pod has unbound immediate PersistentVolumeClaims"), 30) is None


def test_its_image_cannot_be_had(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """A first failure may be an accident; a back-off is none, and the event says more than the state."""
    first = pod(spec, containerStatuses=[container(waiting={"reason": "ErrImagePull", "message": "x"})])
    assert trouble.of(first, 5) is None

    events = f"/api/v1/namespaces/{spec['pod']['namespace']}/events"
    api.lists(events, event("database-0", "Failed", 'Failed to pull image "a": no such host'))
    again = pod(spec, containerStatuses=[container(waiting={"reason": "ImagePullBackOff", "message": "Back-off"})])
    found = trouble.of(again, 20)
    assert found and found.code == "P197" and "no such host" in found.detail
    assert "stackwright/tinydb:1" in found.detail


def test_it_stops_again_and_again(trouble: Trouble, spec: dict[str, Any]) -> None:
    """One death may be an accident; the second is told with how it ended and its last lines, without secrets."""
    over = {"exitCode": 3, "finishedAt": "2026-11-24T12:00:03Z"}
    once = pod(spec, containerStatuses=[container(1, running={"startedAt": at(1)}, last={"terminated": over})])
    assert trouble.of(once, 5) is None

    twice = pod(spec, containerStatuses=[container(1, terminated=over)])
    found = trouble.of(twice, 9)
    assert found and found.code == "P198" and "exited with status 3 at 12:00:03 UTC" in found.detail
    assert "one\n  ***" in found.detail


def test_a_prepare_step_failed(trouble: Trouble, spec: dict[str, Any]) -> None:
    """The init container's last words name the step."""
    over = {"exitCode": 1, "message": "`initdb`, which exited with status 1"}
    found = trouble.of(pod(spec, initContainerStatuses=[container(name="fill", terminated=over)]), 5)
    assert found and found.code == "P195" and "`initdb`, which exited with status 1" in found.detail


def test_it_cannot_be_started(trouble: Trouble, spec: dict[str, Any]) -> None:
    """What the node says of a container that it cannot make."""
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "database" not found'}
    found = trouble.of(pod(spec, containerStatuses=[container(waiting=waiting)]), 5)
    assert found and found.code == "P196" and '"database" not found' in found.detail


def test_the_cluster_does_not_admit_it(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """A quota that refuses the pod is told; an event of an earlier try is not taken for this one's."""
    events = f"/api/v1/namespaces/{spec['pod']['namespace']}/events"
    why = 'create Pod database-0 failed error: pods "database-0" is forbidden: exceeded quota: few'
    api.lists(events, event("database", "FailedCreate", why))
    found = trouble.of(None, 5)
    assert found and found.code == "P199" and "exceeded quota: few" in found.detail

    api.lists(events, {**event("database", "FailedCreate", why), "lastTimestamp": at(600)})
    assert trouble.of(None, 5) is None


def test_its_node_put_it_out(trouble: Trouble, spec: dict[str, Any]) -> None:
    """An eviction is told in the node's words."""
    found = trouble.of(pod(spec, phase="Failed", reason="Evicted", message="The node was low on resource: memory."), 5)
    assert found and found.code == "P174" and "low on resource: memory" in found.detail


def test_it_does_not_answer(api: apiserver.Api, trouble: Trouble, spec: dict[str, Any]) -> None:
    """It runs, and its probe says what it does instead."""
    events = f"/api/v1/namespaces/{spec['pod']['namespace']}/events"
    api.lists(events, event("database-0", "Unhealthy", "Startup probe failed: answers with status 503"))
    running = pod(spec, containerStatuses=[container(running={"startedAt": at(40)})])

    found = trouble.never(running, "127.0.0.1:5432", 30)
    assert found.code == "P194" and "answers with status 503" in found.detail
