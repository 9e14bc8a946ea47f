"""One component in a cluster: waited for until it answers, or told why it never will; reached through the forwarder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.kubernetes import forwarding, labels, pods, view
from stackwright.places.kubernetes.cluster import Cluster, Thing, asking, same
from stackwright.places.kubernetes.namespace import going, path
from stackwright.places.kubernetes.secret import workload_path
from stackwright.places.kubernetes.trouble import Trouble
from stackwright.runtime import component as processes
from stackwright.runtime import steps
from stackwright.runtime.asking import ReadySpec
from stackwright.runtime.cancel import check
from stackwright.runtime.ready import what
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

ComponentSpec = dict[str, Any]  # docs/architecture.md
Progress = Callable[[str, str, str], None]  # (subject, phase, text)

_TRIED = "stackwright.tried"  # an annotation: when we last asked
_LOOK = 0.5
_WORD = 5.0  # seconds after which a wait is told again
_STANDSTILL = 600.0  # seconds without a change before it runs: an image may be large, a prepare step long


@dataclass(frozen=True, slots=True)
class Observed:
    """A component whose pod is ready and reached."""

    image: str
    generation: str  # of its volume


def hash_of(spec: ComponentSpec, image: str) -> str:
    """What a component is started with, in one word."""
    return processes.hash_of({**spec, "image": image})


def generation(ws: Workspace, spec: ComponentSpec) -> str | None:
    """Which volume the component has and will keep; None where the next start makes a fresh one."""
    with asking(spec["component"], ws) as cluster:
        same(ws, cluster)
        return _generation(cluster, spec)


def observe(ws: Workspace, spec: ComponentSpec) -> Observed | None:
    """The component as it runs; None where it is not ready, or nothing here leads to it."""
    with asking(spec["component"], ws) as cluster:
        same(ws, cluster)
        seen = view.of(cluster, spec["pod"]["namespace"])
        pod, made = seen.pod(spec), _generation(cluster, spec)
        whole = pod is not None and pods.ready(pod) and seen.service(spec) and _wanted(seen.workload(spec)) == 1
    if pod is None or not whole or made is None or not forwarding.leads(ws, spec):
        return None
    return Observed(str(pod["spec"]["containers"][0]["image"]), made)


def ensure(ws: Workspace, spec: ComponentSpec, progress: Progress, cancel: threading.Event) -> Observed:
    """Have the component ready and reached, as its release is now."""
    component = spec["component"]
    check(cancel)
    with asking(component, ws) as cluster:
        same(ws, cluster)
        journal = steps.client_journal(ws)
        journal.write("intent", "workload", component, spec["pod"]["name"])
        _Wait(ws, cluster, spec, lambda phase, text: progress(component, phase, text), cancel).run()
        forwarding.publish(ws, spec, cluster)
    seen = observe(ws, spec)
    if seen is None:
        raise StackError(_gone_again(spec))
    journal.write("ready", "workload", component, spec["pod"]["name"], hash=hash_of(spec, seen.image))
    return seen


def stop(ws: Workspace, spec: ComponentSpec, progress: Progress) -> None:
    """End its pod, as its recipe says, while what it needs is still there; its volume stays."""
    component = spec["component"]
    with asking(component, ws) as cluster:
        same(ws, cluster)
        journal = steps.client_journal(ws)
        journal.write("intent", "workload", component, spec["pod"]["name"], hash="")
        forwarding.withdraw(ws, spec)
        if cluster.patch(workload_path(spec), {"spec": {"replicas": 0}}):
            progress(component, "stopping", "")
            _await_end(cluster, spec)
        journal.write("stopped", "workload", component, spec["pod"]["name"])
    progress(component, "gone", "")


def _await_end(cluster: Cluster, spec: ComponentSpec) -> None:
    """A pod on a node that does not answer is the sweep's."""
    until = time.monotonic() + float((spec.get("stop") or {}).get("timeout", 10.0)) + 30
    pod = spec["pod"]
    while time.monotonic() < until:
        if not cluster.items(path(pod["namespace"], "pods"), labelSelector=labels.of_pod(spec)):
            return
        time.sleep(_LOOK)


def _generation(cluster: Cluster, spec: ComponentSpec) -> str | None:
    pod = spec["pod"]
    place = path(pod["namespace"], "persistentvolumeclaims", f"data-{pod['name']}-0")
    found = cluster.find(place if pod["storage"] else workload_path(spec))
    return str(found["metadata"]["uid"]) if found and not going(found) else None


def _wanted(workload: Thing | None) -> int:
    return int(workload["spec"].get("replicas", 1)) if workload else 0


@dataclass
class _Wait:
    """The wait for one component."""

    ws: Workspace
    cluster: Cluster
    spec: ComponentSpec
    tell: Callable[[str, str], None]
    cancel: threading.Event

    def __post_init__(self) -> None:
        secrets = Secrets(self.ws.secrets_file)
        self.view = view.of(self.cluster, self.spec["pod"]["namespace"])
        self.trouble = Trouble(self.cluster, self.spec, secrets.redact)
        self.said, self.told = "", 0.0  # what was told last, and when
        self.changed = time.monotonic()

    def run(self) -> None:
        """Until its pod is ready; StackError as soon as it is certain that it never will be."""
        began = time.monotonic()
        self.tell("starting", "")
        self._begin()
        while not ((pod := self._pod()) and pods.ready(pod)):
            check(self.cancel)
            if problem := self.trouble.of(pod, time.monotonic() - began):
                raise StackError(problem)
            self._word(pod)
            self._late(pod)
            self.cancel.wait(_LOOK)
        self.tell("ready", f"{self._question()} after {time.monotonic() - began:.1f} s")

    def _pod(self) -> Thing | None:
        pod = self.view.pod(self.spec)
        return None if pod is None or going(pod) else pod

    def _begin(self) -> None:
        """A stop that was broken off is undone; what failed before is given another try at once, not in minutes."""
        self.view.forget()
        workload = self.view.workload(self.spec)
        if workload and not (_wanted(workload) == 1 and self.view.pods(self.spec)):  # whoever waits in vain is nudged
            nudge = {"annotations": {_TRIED: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}
            self.cluster.patch(workload_path(self.spec), {"metadata": nudge, "spec": {"replicas": 1}})
        present = self.view.pod(self.spec)
        for pod in self.view.pods(self.spec):
            # A set does not replace a pod of its last revision that never became ready.
            old = workload is not None and view.settled(workload) and present is not None and pod is not present
            hopeless = self.trouble.of(pod, 0.0) is not None and not going(pod)
            if hopeless or (self.spec["pod"]["storage"] and old and not going(pod)):
                self.tell("stopping", "to start it anew")
                self.cluster.remove(path(pod["metadata"]["namespace"], "pods", pod["metadata"]["name"]))
        self.view.forget()

    def _word(self, pod: Thing | None) -> None:
        """What is waited for, now and then."""
        words = "for its pod" if pod is None else self._question() if pods.running(pod) else pods.before_it(pod)
        if words != self.said:
            self.changed = time.monotonic()
        if words != self.said or time.monotonic() - self.told > _WORD:
            self.said, self.told = words, time.monotonic()
            self.tell("waiting" if pod is not None and pods.running(pod) else "starting", words)

    def _late(self, pod: Thing | None) -> None:
        """StackError when it has had its time."""
        if pod is None or not pods.running(pod):
            if time.monotonic() - self.changed > _STANDSTILL:
                raise StackError(self.trouble.never(pod, self.said, _STANDSTILL))
            return
        since = max(pods.seconds(one["state"]["running"]["startedAt"]) for one in pods.statuses(pod))
        allowed = sum(float(ask.get("timeout", 60.0)) for ask in self._questions()) or 60.0
        if time.time() - since > allowed:
            raise StackError(self.trouble.never(pod, self._question(), allowed))

    def _questions(self) -> list[ReadySpec]:
        asked = [process["ready"] for process in self.spec["processes"] if process.get("ready")]
        return [*asked, *([self.spec["ready"]] if self.spec.get("ready") else [])]

    def _question(self) -> str:
        asked = self._questions()
        return what(asked[-1]) if asked else "its pod"


def _gone_again(spec: ComponentSpec) -> Diagnostic:
    return Diagnostic(
        code="P176",
        summary="pod stopped as soon as it was ready",
        detail=f"`{spec['component']}` ({spec['tool']}@kubernetes) answered, and was gone a moment later.",
        hint=f"the whole log is shown by\n    stack logs {spec['component']}",
    )
