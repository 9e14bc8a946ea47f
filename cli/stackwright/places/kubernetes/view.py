"""A stack's namespace as everybody who waits in it sees it: asked once a moment, however many wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackwright.places.kubernetes import labels, pods
from stackwright.places.kubernetes.cluster import Cluster, Thing
from stackwright.places.kubernetes.namespace import path

_MOMENT = 0.8  # seconds for which a look is fresh enough
_APPS = "/apis/apps/v1/namespaces"
_REVISION = "deployment.kubernetes.io/revision"


@dataclass
class View:
    """What runs in one namespace."""

    cluster: Cluster
    namespace: str
    _asked: dict[str, tuple[float, list[Thing]]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def workload(self, spec: Mapping[str, Any]) -> Thing | None:
        """What keeps a component's pod."""
        kind = "statefulsets" if spec["pod"]["storage"] else "deployments"
        found = self._list(f"{_APPS}/{self.namespace}/{kind}")
        return next((one for one in found if labels.name(one) == spec["pod"]["name"]), None)

    def pods(self, spec: Mapping[str, Any]) -> list[Thing]:
        """All pods of a component, those that are going too."""
        return pods.of(self._list(path(self.namespace, "pods")), spec["pod"]["labels"])

    def pod(self, spec: Mapping[str, Any]) -> Thing | None:
        """The one that is as the workload is now; None where there is none yet."""
        workload = self.workload(spec)
        if workload is None or not settled(workload):
            return None
        return pods.newest(pod for pod in self.pods(spec) if self._present(workload, pod, spec))

    def service(self, spec: Mapping[str, Any]) -> bool:
        """Whether it has its name in the cluster."""
        found = self._list(path(self.namespace, "services"))
        return any(labels.name(one) == spec["pod"]["name"] for one in found)

    def forget(self) -> None:
        """Whoever has just changed something wants to see it."""
        with self._guard:
            self._asked.clear()

    def _present(self, workload: Thing, pod: Thing, spec: Mapping[str, Any]) -> bool:
        """Whether a pod was made of the workload's present template."""
        if spec["pod"]["storage"]:
            return labels.on(pod).get("controller-revision-hash") == str(workload["status"].get("updateRevision"))
        now = labels.notes(workload).get(_REVISION)
        sets = [
            one
            for one in self._list(f"{_APPS}/{self.namespace}/replicasets")
            if labels.notes(one).get(_REVISION) == now
        ]
        owners = {owner["uid"] for owner in pod["metadata"].get("ownerReferences", ())}
        ours = [one for one in sets if _owned_by(one, workload)]
        return any(one["metadata"]["uid"] in owners for one in ours)

    def _list(self, place: str) -> list[Thing]:
        with self._guard:
            asked, found = self._asked.get(place, (0.0, []))
            if time.monotonic() - asked > _MOMENT:
                found = self.cluster.items(place)
                self._asked[place] = time.monotonic(), found
            return found


def settled(workload: Thing) -> bool:
    """Whether the cluster has taken note of what it was told last."""
    return int(workload.get("status", {}).get("observedGeneration") or 0) >= int(workload["metadata"]["generation"])


def _owned_by(thing: Thing, owner: Thing) -> bool:
    return any(one["uid"] == owner["metadata"]["uid"] for one in thing["metadata"].get("ownerReferences", ()))


_views: dict[tuple[int, str], View] = {}
_making = threading.Lock()


def of(cluster: Cluster, namespace: str) -> View:
    """The view that all threads of this process share."""
    with _making:
        return _views.setdefault((id(cluster), namespace), View(cluster, namespace))
