"""A pod as the cluster tells of it, in the words of this house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from stackwright.places.kubernetes.namespace import going
from stackwright.runtime import units

Pod = dict[str, Any]
Status = Mapping[str, Any]  # of a container

FILL = "fill"  # the init container
_MEMORY = "OOMKilled"


class Said(NamedTuple):
    """What a container does, for people."""

    state: str  # one of `units`
    reason: str
    since: float
    restarts: int


def container_of(process: str) -> str:
    """The container in which a process runs."""
    return process.replace(".", "-").replace("_", "-")


def newest(pods: Iterable[Pod]) -> Pod | None:
    """The one that counts: what is going only where nothing has come in its place."""
    ordered = sorted(pods, key=lambda pod: (not going(pod), pod["metadata"]["creationTimestamp"]))
    return ordered[-1] if ordered else None


def statuses(pod: Pod) -> list[Status]:
    """Of its containers."""
    found: list[Status] = pod.get("status", {}).get("containerStatuses") or []
    return found


def filling(pod: Pod) -> Status | None:
    """Of its init container."""
    found = pod.get("status", {}).get("initContainerStatuses") or []
    return next((one for one in found if one["name"] == FILL), None)


def ready(pod: Pod) -> bool:
    """Whether all of it answers."""
    found = statuses(pod)
    return bool(found) and not going(pod) and all(one.get("ready") for one in found)


def running(pod: Pod) -> bool:
    """Whether all its containers run, ready or not."""
    found = statuses(pod)
    return bool(found) and all("running" in one.get("state", {}) for one in found)


def condition(pod: Pod, kind: str) -> Mapping[str, Any]:
    """One of its conditions; empty where it has none such."""
    found = pod.get("status", {}).get("conditions") or ()
    return next((one for one in found if one["type"] == kind), {})


def said_of(pod: Pod, container: str) -> Said:
    """What a container of it does now."""
    born = seconds(pod["metadata"]["creationTimestamp"])
    status = next((one for one in statuses(pod) if one["name"] == container), None)
    restarts = int(status.get("restartCount", 0)) if status else 0
    if going(pod):
        return Said(units.DOWN, "its pod is being deleted", born, restarts)
    if status is None:
        return Said(units.RESTARTING, before_it(pod), born, restarts)
    state, past = status.get("state", {}), status.get("lastState", {}).get("terminated")
    if "running" in state:
        reason = f"{ended(past)}, and was started again" if past else ""
        return Said(units.UP, reason, seconds(state["running"]["startedAt"]), restarts)
    if over := state.get("terminated"):
        word = units.FAILED if over.get("exitCode") else units.DOWN
        return Said(word, ended(over), seconds(over.get("finishedAt")) or born, restarts)
    waiting = state.get("waiting", {})
    if past:
        return Said(units.FAILED, ended(past), seconds(past.get("finishedAt")) or born, restarts)
    return Said(units.RESTARTING, before_it(pod) or str(waiting.get("reason", "")), born, restarts)


def before_it(pod: Pod) -> str:
    """What it waits for, as long as its containers do not run."""
    if condition(pod, "PodScheduled").get("status") != "True":
        return "waits for a node"
    fill = filling(pod)
    if fill and fill.get("state", {}).get("running"):
        return "is being prepared"
    if fill and (fill.get("state", {}).get("terminated") or {}).get("exitCode"):
        return "could not be prepared"
    return "waits for its image and volumes" if not running(pod) else ""


def ended(state: Mapping[str, Any]) -> str:
    """How a container ended, for people."""
    status = int(state.get("exitCode", 0))
    if state.get("reason") == _MEMORY:
        return "was killed, because it used more memory than there is for it"
    if state.get("reason") in ("StartError", "ContainerCannotRun"):
        return f"could not be started: {state.get('message', '')}"
    how = f"was killed by {_signal(status - 128)}" if 128 < status < 160 else f"exited with status {status}"
    stamp = str(state.get("finishedAt") or "")
    return how + (f" at {stamp[11:19]} UTC" if stamp else "")


def seconds(stamp: str | None) -> float:
    """A time of the API in seconds since the epoch; 0 for none."""
    try:
        return datetime.fromisoformat(f"{(stamp or '')[:19]}+00:00").timestamp()
    except ValueError:
        return 0.0


def _signal(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def of(pods: Sequence[Pod], labels: Mapping[str, str]) -> list[Pod]:
    """Those with these labels."""
    return [pod for pod in pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()]
