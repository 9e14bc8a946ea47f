"""What the use cases answer, for views and for programs.

Named tuples: `list` and `status` start fast, and a dozen dataclasses would take them longer than all of their work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stackwright.errors import Diagnostic

if TYPE_CHECKING:
    from stackwright.model.catalog import Tool


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
    """One component as it is now. `ready`: a library, which is there when it is installed. `external` and `hosted`:
    somebody else runs it, and `up` has seen it answer.
    """

    id: str
    tool: str
    version: str
    layers: tuple[str, ...]
    state: Literal["up", "ready", "external", "hosted", "restarting", "down", "failed"]
    url: str
    processes: tuple[ProcessStatus, ...]

    @property
    def fine(self) -> bool:
        """Whether nothing has to be repaired."""
        return self.state in ("up", "ready", "external", "hosted")


class StackStatus(NamedTuple):
    """The answer of `stack status`."""

    name: str
    id: str
    workspace: str
    components: tuple[ComponentStatus, ...]

    @property
    def healthy(self) -> bool:
        """Whether every component is up."""
        return all(c.fine for c in self.components)


class Change(NamedTuple):
    """What Terraform would do, or did, to one thing of the stack."""

    what: str  # component id, wire id, or environment key
    kind: str  # process | grant | environment
    action: Literal["add", "change", "replace", "destroy", "none"]
    why: str = ""


class Rendered(NamedTuple):
    """The answer of `stack render`."""

    name: str
    folder: str
    files: tuple[str, ...]  # relative to the folder, the stack's workspace left out


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
    began: float = 0.0  # seconds since the first step


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


class ToolUsed(NamedTuple):
    """A component as a written report names it."""

    component: str
    tool: str
    version: str
    target: str
    layers: tuple[str, ...]
    address: str


class SmokeDetails(NamedTuple):
    """What a written report shows beside the outcome."""

    date: str  # ISO 8601, UTC
    machine: str
    tools: tuple[ToolUsed, ...]
    logs: dict[str, str]  # of components whose steps or wires failed: the end of what they and their workers wrote


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
    cluster: str = ""  # that went with it; where it was, nothing of the stack is listed any more


class Choosable(NamedTuple):
    """A tool that `stack init` offers for a layer."""

    tool: str
    whole: bool  # does all of the layer
    also: tuple[str, ...]  # other layers it does
    verdict: Verdict
    megabytes: float | None  # its environment; None where nobody measured it
    about: str


class WebPage(NamedTuple):
    """A page of a running stack that people can open in a browser."""

    component: str
    tool: str
    layers: tuple[str, ...]
    address: str
    user: str  # who logs in, where that has a name
    login: bool  # whether there is anything to log in with


class CachedEnvironment(NamedTuple):
    """One environment in the user's cache."""

    key: str
    bytes: int
    days: float  # since an `up` wanted it
    stacks: tuple[str, ...]  # that are made of it


class CacheSize(NamedTuple):
    """The answer of `stack cache size`."""

    folder: str
    other: int  # bytes of what is not an environment
    environments: tuple[CachedEnvironment, ...]
    images: tuple[tuple[str, int], ...] = ()  # on the container engine, each with its bytes


class Prefetched(NamedTuple):
    """The answer of `stack cache prefetch`, by environment key."""

    installed: tuple[str, ...]
    there: tuple[str, ...]


class Pruned(NamedTuple):
    """The answer of `stack cache prune`."""

    removed: tuple[str, ...]
    bytes: int


class DoctorCheck(NamedTuple):
    """One thing a user needs."""

    name: str
    state: Literal["fine", "warning", "missing"]
    detail: str
    hint: str = ""


class Verdict(NamedTuple):
    """Whether a tool was proven on a target."""

    state: Literal["proven", "stale", "never run"]  # stale: its entry has changed since
    date: str = ""  # of the last proof

    def __str__(self) -> str:
        return {"proven": f"proven {self.date}", "stale": f"stale, proven {self.date}"}.get(self.state, self.state)


class CatalogTool(NamedTuple):
    """A tool, and what is known of it on each of its targets."""

    tool: Tool
    targets: dict[str, Verdict]
    gpus: Verdict | None = None  # whether its work was done on a real GPU; None: none of it is done on any


class CatalogList(NamedTuple):
    """The answer of `stack catalog list`."""

    layers: tuple[str, ...]  # those asked about, in the order of the closed list
    tools: tuple[CatalogTool, ...]
    known: int  # how many tools the catalog has in all, for these layers or not


class Trusted(NamedTuple):
    """A catalog of somebody else that may run here."""

    name: str  # an absolute path, or git+URL@COMMIT
    digest: str  # of what it held when it was trusted; empty: whatever it holds
    date: str


class ProveResult(NamedTuple):
    """What `stack catalog prove` found out about one tool on one target."""

    tool: str
    target: str
    passed: bool
    seconds: float
    proof: dict[str, Any] = {}  # as written into the entry; empty where it did not pass
    reasons: tuple[Diagnostic, ...] = ()  # why it did not pass
