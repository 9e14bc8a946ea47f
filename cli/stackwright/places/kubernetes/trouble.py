"""What keeps a component from being ready, told out of the cluster's own words as soon as it is certain."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackwright.errors import Diagnostic
from stackwright.places.kubernetes import pods
from stackwright.places.kubernetes.cluster import ApiError, Cluster, Thing
from stackwright.places.kubernetes.namespace import path

_PATIENCE = 15.0  # seconds for what a cluster often mends by itself: a volume, a node that is coming
_DEATHS = 2  # one may be an accident; who dies twice does so again
_HOPELESS = ("ErrImageNeverPull", "InvalidImageName")
_NO_IMAGE = (*_HOPELESS, "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable")
_NO_START = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_NO_VOLUME = ("ProvisioningFailed", "FailedBinding")  # a claim that waits without these may yet have one
_SCALING = ("TriggeredScaleUp", "Nominated", "NominatedNode")  # somebody is making a node for it
_LINES = 12
_BEFORE = 3.0  # seconds: a release is made a moment before it is waited for


@dataclass(frozen=True, slots=True)
class Trouble:
    """Of one component in its namespace."""

    cluster: Cluster
    spec: dict[str, Any]
    redact: Callable[[str], str]

    @property
    def component(self) -> str:
        """Whom it is about."""
        return str(self.spec["component"])

    def of(self, pod: Thing | None, waited: float) -> Diagnostic | None:
        """The reason why it cannot become ready; None while it still may."""
        if pod is None:
            return self._refused(time.time() - waited - _BEFORE) if waited > _BEFORE else None
        if pod["status"].get("phase") == "Failed":
            return self._evicted(pod)
        if pods.condition(pod, "PodScheduled").get("status") == "False":
            return self._homeless(pod)
        if (fill := pods.filling(pod)) and (problem := self._unfilled(pod, fill)):
            return problem
        found = (self._container(pod, status) for status in pods.statuses(pod))
        return next((problem for problem in found if problem), None)

    def never(self, pod: Thing | None, question: str, seconds: float) -> Diagnostic:
        """It runs and does not answer."""
        log = self.log(pod, pods.statuses(pod)[-1]["name"]) if pod and pods.statuses(pod) else ""
        probe = self._last(pod, "Unhealthy") if pod else ""
        return Diagnostic(
            code="P194",
            summary="pod did not become ready",
            detail=f"{self._it} runs, but {question} does not answer after {seconds:.0f} s."
            + (f" The cluster says: {probe}." if probe else "") + log,
            hint=f"the whole log is shown by\n    stack logs {self.component}",
        )  # fmt: skip

    def log(self, pod: Thing, container: str, previous: bool = False) -> str:
        """The last lines that a container wrote."""
        place = f"{path(pod['metadata']['namespace'], 'pods', pod['metadata']['name'])}/log"
        asked = {"container": container, "tailLines": _LINES, **({"previous": "true"} if previous else {})}
        try:
            lines = self.redact(self.cluster.text(place, **asked)).splitlines()
        except ApiError:
            return ""
        return " The last lines of its log:" + "".join(f"\n  {line}" for line in lines) if lines else ""

    @property
    def _it(self) -> str:
        return f"`{self.component}` ({self.spec['tool']}@kubernetes)"

    def _homeless(self, pod: Thing) -> Diagnostic | None:
        """No node takes it."""
        told = pods.condition(pod, "PodScheduled")
        waited = time.time() - pods.seconds(told.get("lastTransitionTime"))
        said = str(told.get("message", ""))
        if waited < _PATIENCE or told.get("reason") != "Unschedulable":
            return None
        if "persistentvolumeclaim" in said.lower():
            return self._unbound()
        if any(self._last(pod, reason) for reason in _SCALING):
            return None
        return Diagnostic(
            code="P175",
            summary="pod cannot be scheduled",
            detail=f"No node takes {self._it}, which asks for {_asked(pod)}. The scheduler says: {said.rstrip('.')}.",
            hint="see what the nodes have to give, and what is taken\n    kubectl describe nodes\n"
            "or let its setting ask for less; what is changed is repaired by\n    stack up",
        )

    def _unbound(self) -> Diagnostic | None:
        """Its claim has no volume, and will have none: the scheduler does not hear at once of one that came."""
        namespace, name = self.spec["pod"]["namespace"], f"data-{self.spec['pod']['name']}-0"
        claim = self.cluster.find(path(namespace, "persistentvolumeclaims", name))
        events = self._events(name)
        bound = claim is not None and claim["status"].get("phase") == "Bound"
        if bound or not events or events[-1]["reason"] not in _NO_VOLUME:
            return None
        reason = str(events[-1]["message"])
        return Diagnostic(
            code="P193",
            summary="volume cannot be had",
            detail=f"{self._it} keeps its data in a volume, and the claim `{name}` is not bound: {reason.rstrip('.')}.",
            hint="name a storage class that the cluster has, in `cluster.storage_class`; which there are is shown by\n"
            f"    kubectl get storageclass\n    kubectl describe pvc {name} --namespace {namespace}",
        )

    def _unfilled(self, pod: Thing, status: Mapping[str, Any]) -> Diagnostic | None:
        """A prepare step failed, or the init container itself cannot be."""
        over = status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated") or {}
        if not over.get("exitCode"):
            return self._container(pod, status)
        how = str(over.get("message") or "").strip() or f"`{status['name']}`, which {pods.ended(over)}"
        return Diagnostic(
            code="P195",
            summary="prepare step failed in its pod",
            detail=f"{self._it} is prepared with {how}.{self.log(pod, status['name'], self._again(status))}",
            hint="when the cause is gone, go on with\n    stack up",
        )

    def _again(self, status: Mapping[str, Any]) -> bool:
        """Whether what ended was an earlier one of this container."""
        return "terminated" not in status.get("state", {})

    def _container(self, pod: Thing, status: Mapping[str, Any]) -> Diagnostic | None:
        waiting = status.get("state", {}).get("waiting") or {}
        reason, said = str(waiting.get("reason", "")), self.redact(str(waiting.get("message", "")))
        if reason in _NO_IMAGE:
            return self._imageless(pod, status, said)
        if reason in _NO_START:
            return Diagnostic(
                code="P196",
                summary="container cannot be started",
                detail=f"{self._it}: the node says of `{status['name']}`: {said.strip().rstrip('.') or reason}.",
                hint=f"the whole story is told by\n    {self._describe(pod)}",
            )
        deaths = int(status.get("restartCount", 0)) + ("terminated" in status.get("state", {}))
        if reason == "CrashLoopBackOff" or deaths >= _DEATHS:
            return self._crashing(pod, status)
        return None

    def _imageless(self, pod: Thing, status: Mapping[str, Any], said: str) -> Diagnostic:
        told = [" ".join(str(e.get("message", "")).split()) for e in self._events(pod["metadata"]["name"])]
        # Of the events only this one has the reason; others say that there is one.
        failed = [text for text in told if text.startswith("Failed to pull image")]
        why = re.sub(r'^Failed to pull image "[^"]*": (rpc error: code = \w+ desc = )?', "", (failed or [said])[-1])
        return Diagnostic(
            code="P197",
            summary="image cannot be had by the node",
            detail=f"{self._it} is started from `{status['image']}`, and the node does not get it: "
            f"{self.redact(why).strip().rstrip('.')}.",
            hint="let the nodes have it again by\n    stack up\n"
            "and where they pull it from a registry, see whether they may\n    " + self._describe(pod),
        )

    def _crashing(self, pod: Thing, status: Mapping[str, Any]) -> Diagnostic:
        over = status.get("state", {}).get("terminated")
        past = over or status.get("lastState", {}).get("terminated") or {}
        which = "" if len(pods.statuses(pod)) == 1 else f"its process `{status['name']}` "
        return Diagnostic(
            code="P198",
            summary="container stops again and again",
            detail=f"{self._it} was started {int(status.get('restartCount', 0)) + 1} times: {which}{pods.ended(past)}."
            + self.log(pod, status["name"], previous=not over),
            hint=f"the whole log is shown by\n    stack logs {self.component}",
        )

    def _refused(self, since: float) -> Diagnostic | None:
        """There is not even a pod: a quota or a policy says no."""
        name = self.spec["pod"]["name"]
        told = [e for e in self._events("") if e["reason"] == "FailedCreate" and _of(e, name)]
        failed = [e for e in told if pods.seconds(e.get("lastTimestamp") or e.get("eventTime")) >= since]
        if not failed:
            return None
        said = str(failed[-1]["message"])
        said = re.sub(r"^.*?is forbidden: |^.*?error: |^Error creating: ", "", said).rstrip(".")
        namespace = self.spec["pod"]["namespace"]
        return Diagnostic(
            code="P199",
            summary="cluster does not admit the pod",
            detail=f"{self._it} has no pod, because the cluster refuses to make it: {said}.",
            hint="see what the namespace may have, and which policies there are\n"
            f"    kubectl describe quota,limitrange --namespace {namespace}",
        )

    def _evicted(self, pod: Thing) -> Diagnostic:
        said = str(pod["status"].get("message") or pod["status"].get("reason") or "it does not say why")
        return Diagnostic(
            code="P174",
            summary="pod was put out by its node",
            detail=f"{self._it} ran, and the node ended it: {self.redact(said).strip().rstrip('.')}.",
            hint=f"the whole story is told by\n    {self._describe(pod)}\nand it is started anew by\n    stack up",
        )

    def _describe(self, pod: Thing) -> str:
        meta = pod["metadata"]
        return f"kubectl describe pod {meta['name']} --namespace {meta['namespace']}"

    def _last(self, pod: Thing, *reasons: str) -> str:
        """What the last event of such a kind about a pod said."""
        found = [e for e in self._events(pod["metadata"]["name"]) if e["reason"] in reasons]
        return self.redact(" ".join(str(found[-1].get("message", "")).split())).rstrip(".") if found else ""

    def _events(self, about: str) -> Sequence[Thing]:
        """The namespace's events, or those about a thing, the last one last."""
        asked = {"fieldSelector": f"involvedObject.name={about}"} if about else {}
        found = self.cluster.items(path(self.spec["pod"]["namespace"], "events"), **asked)
        return sorted(found, key=lambda e: e.get("lastTimestamp") or e.get("eventTime") or "")


def _of(event: Thing, name: str) -> bool:
    """Whether it is about a workload, or about the set of pods that a Deployment makes."""
    about = str(event["involvedObject"].get("name", ""))
    return about == name or re.fullmatch(rf"{re.escape(name)}-[a-z0-9]+", about) is not None


def _asked(pod: Thing) -> str:
    """What its containers want, for people."""
    wants = [one.get("resources", {}) for one in pod["spec"]["containers"]]
    found = [f"{amount} {kind}" for want in wants for kind, amount in sorted(
        {**want.get("requests", {}), **want.get("limits", {})}.items())]  # fmt: skip
    return ", ".join(found) or "nothing in particular"
