"""What a stack's pods do now, what they wrote, and what they use."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from stackwright.places.kubernetes import forwarding, labels, pods, view
from stackwright.places.kubernetes.cluster import ApiError, Cluster, Thing, asking, same
from stackwright.places.kubernetes.inner import spec_of, specs
from stackwright.places.kubernetes.namespace import path
from stackwright.runtime import units
from stackwright.runtime.units import Seen
from stackwright.runtime.workspace import Workspace


def units_of(ws: Workspace) -> dict[str, Seen]:
    """Every process that should run in the cluster, by `<component>/<process>`."""
    found: dict[str, Seen] = {}
    with asking(ws.id, ws) as cluster:
        same(ws, cluster)
        seen = view.View(cluster, ws.id)
        for component, spec in specs(ws).items():
            pod, lacking = pods.newest(seen.pods(spec)), _lacking(ws, seen, spec)
            for process in spec["processes"]:
                said = _said(pod, process["name"], lacking)
                name = f"{component}/{process['name']}"
                found[name] = Seen(name, "", said.state, said.since, said.restarts, said.reason)
    return found


def _said(pod: Thing | None, process: str, lacking: str) -> pods.Said:
    if pod is None:
        return pods.Said(units.DOWN, lacking or "its pod is gone", time.time(), 0)
    said = pods.said_of(pod, pods.container_of(process))
    if not lacking:
        return said
    return said._replace(state=units.FAILED if said.state == units.UP else said.state, reason=lacking)


def _lacking(ws: Workspace, seen: view.View, spec: dict[str, Any]) -> str:
    """What a component has lost behind our back though its pod may run on."""
    if seen.workload(spec) is None:
        return f"its {'StatefulSet' if spec['pod']['storage'] else 'Deployment'} is gone"
    if not seen.service(spec):
        return "its Service is gone"
    return "" if forwarding.leads(ws, spec) else "its ports are not forwarded to this machine"


def usage(ws: Workspace, component: str) -> tuple[float, int] | None:
    """CPU seconds so far and bytes of memory now, as its node counts; None where the node is not for us to ask."""
    spec = spec_of(ws, component)
    if spec is None:
        return None
    with asking(component, ws) as cluster:
        found = cluster.items(path(ws.id, "pods"), labelSelector=labels.of_pod(spec))
        counted = [_counted(cluster, pod) for pod in found if pods.running(pod)]
    known = [one for one in counted if one]
    return (sum(cpu for cpu, _ in known), sum(memory for _, memory in known)) if known else None


def _counted(cluster: Cluster, pod: Thing) -> tuple[float, int] | None:
    try:
        told = cluster.get(f"/api/v1/nodes/{pod['spec']['nodeName']}/proxy/stats/summary")
    except ApiError:
        return None
    for one in told.get("pods", ()):
        if one["podRef"]["uid"] == pod["metadata"]["uid"]:
            cpu = one.get("cpu", {}).get("usageCoreNanoSeconds", 0)
            return int(cpu) / 1e9, int(one.get("memory", {}).get("workingSetBytes", 0))
    return None


@dataclass
class Log:
    """What the containers of one component wrote, all together."""

    ws: Workspace
    component: str
    seen: dict[str, str] = field(default_factory=dict)  # by pod and container, the time of its last line

    def last(self, count: int) -> list[str]:
        """The last lines; what follows them is `fresh`."""
        return self._lines(count)[-count:] if count else self._lines(1)[:0]

    def fresh(self) -> list[str]:
        """The lines written since the last look."""
        return self._lines(None)

    def _lines(self, count: int | None) -> list[str]:
        spec = spec_of(self.ws, self.component)
        if spec is None:
            return []
        with asking(self.component, self.ws) as cluster:
            same(self.ws, cluster)
            pod = pods.newest(cluster.items(path(self.ws.id, "pods"), labelSelector=labels.of_pod(spec)))
            every = _containers(pod) if pod else ()
            lines = [line for name, past in every for line in self._of(cluster, pod or {}, name, past, count)]
        return [text for _, text in sorted(lines, key=lambda line: line[0])]

    def _of(self, cluster: Cluster, pod: Thing, name: str, past: bool, count: int | None) -> list[tuple[str, str]]:
        """Time and text of each line: the last ones, or those after the last that was seen."""
        key = f"{pod['metadata']['uid']}/{name}"
        after = self.seen.get(key, "")
        asked: dict[str, Any] = {"container": name, "timestamps": "true"}
        if count is not None:
            asked["tailLines"] = count
        elif after:  # whole seconds only, so the last one comes again
            asked["sinceTime"] = f"{after[:19]}Z"
        lines = _log(cluster, pod, {**asked, "previous": "true"}) if past and not after else []
        lines += _log(cluster, pod, asked)
        fresh = [(stamp, said) for stamp, _, said in lines if count is not None or stamp > after]
        if fresh:
            self.seen[key] = max(stamp for stamp, _ in fresh)
        return fresh


def _containers(pod: Thing) -> list[tuple[str, bool]]:
    """Each container, and whether it has been started again: then the one before says why."""
    restarts = {one["name"]: int(one.get("restartCount", 0)) for one in pods.statuses(pod)}
    names = [one["name"] for kind in ("initContainers", "containers") for one in pod["spec"].get(kind, ())]
    return [(name, restarts.get(name, 0) > 0) for name in names]


def _log(cluster: Cluster, pod: Thing, asked: dict[str, Any]) -> list[tuple[str, str, str]]:
    meta = pod["metadata"]
    try:
        text = cluster.text(f"{path(meta['namespace'], 'pods', meta['name'])}/log", **asked)
    except ApiError:
        return []  # it has not begun to write, or has just been removed
    return [line.rstrip("\r").partition(" ") for line in text.splitlines()]
