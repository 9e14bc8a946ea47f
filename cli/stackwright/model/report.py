"""What the use cases answer, for views and for programs.

Named tuples: `list` and `status` start fast, and a dozen dataclasses would take them longer than all of their work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from stackwright.errors import Diagnostic


class Event(NamedTuple):
    """One step of progress: `installing`, `starting`, `waiting`, `ready`, `granting`, `stopping`, `gone`, `failed`.

    A wait that goes on is told again and again.
    """

    component: str  # component id, wire id, environment key, or "" for the whole stack
    phase: str
    text: str = ""  # what exactly, for people: "http://127.0.0.1:20001/health"


Progress = Callable[[Event], None]


class StackEntry(NamedTuple):
    """A line of `stack list`."""

    name: str
    id: str
    workspace: str
    manifest: str
    created: str  # ISO 8601, UTC
    state: Literal["up", "partly up", "down"]


class ProcessStatus(NamedTuple):
    """One process of a component."""

    name: str
    state: Literal["up", "restarting", "down", "failed"]
    pid: int | None
    seconds: float  # in this state
    restarts: int
    reason: str = ""  # why it is not up, with the last lines of its log


class ComponentStatus(NamedTuple):
    """One component as it is now. `ready`: a library, which is there when it is installed."""

    id: str
    tool: str
    version: str
    layers: tuple[str, ...]
    state: Literal["up", "ready", "restarting", "down", "failed"]
    url: str
    processes: tuple[ProcessStatus, ...]


class StackStatus(NamedTuple):
    """The answer of `stack status`."""

    name: str
    id: str
    workspace: str
    components: tuple[ComponentStatus, ...]

    @property
    def healthy(self) -> bool:
        """Whether every component is up."""
        return all(c.state in ("up", "ready") for c in self.components)


class Change(NamedTuple):
    """What Terraform would do, or did, to one thing of the stack."""

    what: str  # component id, wire id, or environment key
    kind: str  # process | grant | environment
    action: Literal["add", "change", "replace", "destroy", "none"]
    why: str = ""


class UpResult(NamedTuple):
    """The answer of `stack up`."""

    name: str
    id: str
    workspace: str
    seconds: float
    changes: tuple[Change, ...]
    status: StackStatus
    warnings: tuple[Diagnostic, ...] = ()


class Step(NamedTuple):
    """One step of a pipeline."""

    name: str
    layer: str
    component: str
    state: Literal["passed", "failed", "skipped"]
    seconds: float
    detail: str = ""  # what was shown, what failed, or why it was skipped
    evidence: dict[str, Any] = {}  # ids, hashes, counts: what flowed


class WireCheck(NamedTuple):
    """One wire, probed before the verbs."""

    wire: str  # "experiment-tracking.backend_store"
    server: str
    interface: str
    passed: bool
    detail: str = ""
    address: str = ""  # where it was asked: "127.0.0.1:20001"


class SmokeReport(NamedTuple):
    """The answer of `stack smoke`."""

    name: str
    id: str
    pipeline: str
    seconds: float
    wires: tuple[WireCheck, ...]
    steps: tuple[Step, ...]
    cpu: dict[str, float] = {}  # component -> CPU seconds of its smoke worker

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something passed."""
        states = [s.state for s in self.steps]
        return all(w.passed for w in self.wires) and "failed" not in states and "passed" in states


class Leftover(NamedTuple):
    """Something of the stack that is still there."""

    kind: str  # process | socket | shm | sysv | mount | folder | file
    what: str
    detail: str = ""
    hint: str = ""  # the command that removes it


class DownResult(NamedTuple):
    """The answer of `stack down`."""

    name: str
    id: str
    seconds: float
    destroyed: tuple[str, ...]  # components Terraform took down
    swept: tuple[Leftover, ...]  # what the sweep had to remove
    left: tuple[Leftover, ...]  # what is still there; empty is the proof
    looked_at: dict[str, int]  # what the proof looked at: {"processes": 112, …}
    kept_data: str = ""  # folder, with --keep-data


class DoctorCheck(NamedTuple):
    """One thing a user needs."""

    name: str
    state: Literal["fine", "warning", "missing"]
    detail: str
    hint: str = ""
