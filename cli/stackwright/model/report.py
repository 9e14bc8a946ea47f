"""What the use cases answer, for views and for programs. Standard library only: `list` and `status` start fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Event:
    """One step of progress: `installing`, `starting`, `waiting`, `ready`, `granting`, `stopping`, `gone`, `failed`."""

    component: str  # component id, wire id, environment key, or "" for the whole stack
    phase: str
    text: str = ""  # what exactly, for people: "http://127.0.0.1:20001/health"


Progress = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class StackEntry:
    """A line of `stack list`."""

    name: str
    id: str
    workspace: str
    manifest: str
    created: str  # ISO 8601, UTC
    state: Literal["up", "partly up", "down"]


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process of a component."""

    name: str
    state: Literal["up", "restarting", "down", "failed"]
    pid: int | None
    seconds: float  # in this state
    restarts: int
    reason: str = ""  # why it is not up, with the last lines of its log


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One component as it is now. `ready`: a library, which is there when it is installed."""

    id: str
    tool: str
    version: str
    layers: tuple[str, ...]
    state: Literal["up", "ready", "restarting", "down", "failed"]
    url: str
    processes: tuple[ProcessStatus, ...]


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The answer of `stack status`."""

    name: str
    id: str
    workspace: str
    components: tuple[ComponentStatus, ...]

    @property
    def healthy(self) -> bool:
        """Whether every component is up."""
        return all(c.state in ("up", "ready") for c in self.components)


@dataclass(frozen=True, slots=True)
class Change:
    """What Terraform would do, or did, to one thing of the stack."""

    what: str  # component id, wire id, or environment key
    kind: str  # process | grant | environment
    action: Literal["add", "change", "replace", "destroy", "none"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class UpResult:
    """The answer of `stack up`."""

    name: str
    id: str
    workspace: str
    seconds: float
    changes: tuple[Change, ...]
    status: StackStatus


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline."""

    name: str
    layer: str
    component: str
    state: Literal["passed", "failed", "skipped"]
    seconds: float
    detail: str = ""  # what was shown, what failed, or why it was skipped
    evidence: dict[str, Any] = field(default_factory=dict)  # ids, hashes, counts: what flowed


@dataclass(frozen=True, slots=True)
class WireCheck:
    """One wire, probed before the verbs."""

    wire: str  # "experiment-tracking.backend_store"
    server: str
    interface: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SmokeReport:
    """The answer of `stack smoke`."""

    name: str
    id: str
    pipeline: str
    seconds: float
    wires: tuple[WireCheck, ...]
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something passed."""
        states = [s.state for s in self.steps]
        return all(w.passed for w in self.wires) and "failed" not in states and "passed" in states


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of the stack that is still there."""

    kind: str  # process | socket | shm | sysv | mount | folder | file
    what: str
    detail: str = ""
    hint: str = ""  # the command that removes it


@dataclass(frozen=True, slots=True)
class DownResult:
    """The answer of `stack down`."""

    name: str
    id: str
    seconds: float
    destroyed: tuple[str, ...]  # components Terraform took down
    swept: tuple[Leftover, ...]  # what the sweep had to remove
    left: tuple[Leftover, ...]  # what is still there; empty is the proof
    looked_at: dict[str, int]  # what the proof looked at: {"processes": 112, …}
    kept_data: str = ""  # folder, with --keep-data


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One thing a user needs."""

    name: str
    state: Literal["fine", "warning", "missing"]
    detail: str
    hint: str = ""
