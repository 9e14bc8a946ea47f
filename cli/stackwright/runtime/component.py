"""One component: adopted where it runs as asked, else prepared and started, and waited for until it answers."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import listeners, ready, steps, units
from stackwright.runtime.asking import ReadySpec
from stackwright.runtime.cancel import Cancelled, check
from stackwright.runtime.client import KeeperClient, ProcessSpec
from stackwright.runtime.files import write_atomic
from stackwright.runtime.prepare import Folder
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.units import Unit
from stackwright.runtime.workspace import Workspace, remove_tree

Progress = Callable[[str, str, str], None]  # (subject, phase, text)
ComponentSpec = dict[str, Any]  # docs/architecture.md


@dataclass(frozen=True, slots=True)
class Observed:
    """A component whose processes all run."""

    component: str
    hash: str
    pids: dict[str, int]  # by the process's name
    generation: str  # of its data folder


def hash_of(spec: ComponentSpec) -> str:
    """What a component is started with, in one word; secrets are named in it, not contained."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]


def generation(ws: Workspace, spec: ComponentSpec) -> str | None:
    """Which data folder the component has and will keep; None where the next start makes a fresh one."""
    return Folder(spec, Secrets(ws.secrets_file)).generation()


def observe(ws: Workspace, component: str) -> Observed | None:
    """The component as it runs; None where a process of it is dead, failed, being restarted, or was never started."""
    record = _record(ws, component)
    if record is None:
        return None
    known = {name: _unit(ws, component, name) for name in _names(record)}
    pids = {name: unit.pid for name, unit in known.items() if unit and unit.state == units.UP and unit.pid}
    hashes = {unit.hash for unit in known.values() if unit}
    made = generation(ws, record)
    if len(pids) != len(known) or hashes != {hash_of(record)} or made is None:
        return None
    return Observed(component, hashes.pop(), pids, made)


def ensure(ws: Workspace, spec: ComponentSpec, progress: Progress, cancel: threading.Event) -> Observed:
    """Have the component run as `spec` says and answer: adopt it, or start it (anew)."""
    component = spec["component"]
    start = _Start(ws, spec, lambda phase, text: progress(component, phase, text), cancel)
    check(cancel)
    try:
        seen = observe(ws, component)
        if seen and seen.hash == start.hash:
            start.adopt()
        else:
            start.afresh()
    except Cancelled:
        raise  # what runs is adopted by the next `up`, or removed by `down`
    except OSError as error:
        start.give_up()
        raise StackError(_no_folder(spec, error)) from error
    except BaseException:
        start.give_up()
        raise
    seen = observe(ws, component)
    if seen is None:
        start.give_up()
        summary, what = "process stopped as soon as it was ready", "answered, and was gone a moment later"
        raise StackError(steps.failure("P124", summary, component, spec["tool"], what, log=start.log()))
    steps.client_journal(ws).write("ready", "process", component, component, hash=seen.hash)
    return seen


def stop(ws: Workspace, component: str, progress: Progress, keep_data: bool = True) -> None:
    """Stop its processes, the last started first; with `keep_data=False` its folder goes too."""
    journal = steps.client_journal(ws)
    journal.write("intent", "process", component, component, hash="")  # of no spec: that nothing runs
    _halt(ws, component, lambda live: progress(component, "stopping", f"{live} processes" if live > 1 else ""))
    journal.write("stopped", "process", component, component)
    if not keep_data:
        remove(ws, component)
    progress(component, "gone", "")


def remove(ws: Workspace, component: str) -> None:
    """Delete the folder of a component that is stopped, data and all."""
    for home in {ws.unprivileged, ws.components}:
        if (home / component).parent == home and component != "..":  # the id may come from a state somebody edited
            remove_tree(home / component)


@dataclass
class _Start:
    """The start of one component."""

    ws: Workspace
    spec: ComponentSpec
    tell: Callable[[str, str], None]
    cancel: threading.Event
    running: dict[str, int] = field(default_factory=dict)  # process name -> restarts when we began to look
    log_start: int = 0

    def __post_init__(self) -> None:
        self.component: str = self.spec["component"]
        self.hash = hash_of(self.spec)
        self.secrets = Secrets(self.ws.secrets_file)
        self.folder = Folder(self.spec, self.secrets)

    def adopt(self) -> None:
        """Everything runs as asked: only make sure that a keeper watches it, and that it answers."""
        KeeperClient.connect(self.ws)
        for name in _names(self.spec):
            self._watch(name)
        for process in self.spec["processes"]:
            self._await(process["ready"], f"{self.component}/{process['name']}")
        self._await(self.spec["ready"], self.component)

    def afresh(self) -> None:
        """Stop what there is of it, then make, prepare, start and wait."""
        journal = steps.client_journal(self.ws)
        journal.write("intent", "process", self.component, self.component, hash=self.hash)
        steps.end_orphans(self.ws, "prepare", self.component)
        _halt(self.ws, self.component, lambda _: self.tell("stopping", "to start it anew"))
        self._check_ports()
        self.log_start = steps.size(self.folder.log)
        self.folder.make()
        _remember(self.ws, self.spec)
        env = steps.environment(self.ws, self.component, self.spec, self.secrets)
        self.folder.prepare(env, lambda text: self.tell("starting", text), self.cancel, journal)
        self._start_all(env)

    def give_up(self) -> None:
        """Nothing of a component that did not come up goes on."""
        if self.running:
            with suppress(StackError):  # what cannot be stopped is the sweep's; why we gave up matters more
                _halt(self.ws, self.component, lambda _: None)

    def log(self) -> str:
        """The last lines of its log since this start."""
        return self.secrets.redact(steps.tail(self.folder.log, self.log_start))

    def _start_all(self, env: dict[str, str]) -> None:
        """In order, each when those it comes `after` are ready; then all have to be, and the component as a whole."""
        waiting = {process["name"]: process for process in self.spec["processes"]}
        for process in self.spec["processes"]:
            for first in [n for n in waiting if _is_copy_of(n, process["after"])]:
                self._await(waiting.pop(first)["ready"], f"{self.component}/{first}")
            check(self.cancel)
            self.tell("starting", process["name"] if len(self.spec["processes"]) > 1 else "")
            self._start_one(process, env)
        for name, process in waiting.items():
            self._await(process["ready"], f"{self.component}/{name}")
        self._await(self.spec["ready"], self.component)

    def _start_one(self, process: dict[str, Any], env: dict[str, str]) -> None:
        stop_by = self.spec.get("stop") or {}
        self.running[process["name"]] = 0
        KeeperClient.connect(self.ws).ensure(
            ProcessSpec(
                id=f"{self.component}/{process['name']}",
                hash=self.hash,
                argv=tuple(steps.words(process["command"], self.component)),
                env={**env, **steps.filled(process.get("env", {}), self.secrets)},
                cwd=f"{self.folder.path}/run",
                log=str(self.folder.log),
                user=self.folder.user,
                signal=stop_by.get("signal", "TERM"),
                timeout=float(stop_by.get("timeout", 10.0)),
            )
        )
        self._watch(process["name"])

    def _watch(self, name: str) -> None:
        unit = _unit(self.ws, self.component, name)
        self.running[name] = unit.restarts if unit else 0

    def _await(self, ask: ReadySpec | None, name: str) -> None:
        if ask is None:
            reason = self._died()
            if reason:
                raise StackError(ready.stopped(self._watched(name), reason, 0.0))
            return
        self.tell("waiting", ready.what(ask))
        watched = replace(self._watched(name), still=lambda why: self.tell("waiting", f"{ready.what(ask)} {why}"))
        seconds = ready.wait(ask, watched, self.cancel)
        self.tell("ready", f"{ready.what(ask)} after {seconds:.1f} s")

    def _watched(self, name: str) -> ready.Watched:
        ports = tuple(self.spec.get("ports", {}).values())
        return ready.Watched(name, self.spec["tool"], self._died, self._roots, self.log, self._ask, ports)

    def _died(self) -> str | None:
        """Why one of its processes is not the one we started any more."""
        for name, restarts in self.running.items():
            unit = _unit(self.ws, self.component, name)
            if unit and unit.state == units.UP and unit.restarts == restarts:
                continue
            reason = self._reason(name)
            return reason if len(self.running) == 1 else f"stopped, because its process `{name}` {reason}"
        return None

    def _reason(self, name: str) -> str:
        """How it ended. Its watchdog writes that down when the last of its children is gone: a moment later."""
        until = time.monotonic() + 4.0
        while True:
            unit = _unit(self.ws, self.component, name)
            if unit and unit.reason:
                return unit.reason
            if time.monotonic() > until:
                return "stopped"
            time.sleep(0.05)

    def _roots(self) -> list[int]:
        """The watchdogs: whatever its processes start stays below them, daemons too."""
        found = [unit for name in self.running if (unit := _unit(self.ws, self.component, name))]
        return [pid for unit in found for pid in (unit.shim.pid, unit.pid) if pid]

    def _ask(self, command: Sequence[Any], limit: float) -> str | None:
        """Run a readiness command as the component would."""
        env = steps.environment(self.ws, self.component, self.spec, self.secrets)
        argv = steps.words(command, self.component)
        ask = steps.Step("ready", self.component, "", argv, env, f"{self.folder.path}/run", self.folder.user, limit)
        status, said = steps.said(ask, self.secrets, self.cancel, limit=300)
        if status == 0:
            return None
        return steps.ended(status, limit) + (f" ({said})" if said else "")

    def _check_ports(self) -> None:
        for port in self.spec.get("ports", {}).values():
            other = listeners.Family().other(port)
            if other:
                raise StackError(ready.port_taken(self.component, other))


def _is_copy_of(name: str, wanted: Sequence[str]) -> bool:
    """`worker.0` is a copy of `worker`."""
    return name in wanted or name.rpartition(".")[0] in wanted


def _unit(ws: Workspace, component: str, name: str) -> Unit | None:
    unit = units.read(ws.keeper_dir, f"{component}/{name}")
    return units.now(unit) if unit else None


def _names(spec: ComponentSpec) -> list[str]:
    return [process["name"] for process in spec["processes"]]


def _halt(ws: Workspace, component: str, told: Callable[[int], None]) -> None:
    """Stop all processes it has or had, the last started first, those of an earlier spec last; tell how many live."""
    record = _record(ws, component)
    order = [f"{component}/{name}" for name in _names(record)] if record else []
    known = {name: unit for name, unit in units.read_all(ws.keeper_dir).items() if name.startswith(f"{component}/")}
    if live := sum(unit.state not in (units.DOWN, units.FAILED) for unit in known.values()):
        told(live)
    if known:  # one that is down may have left children, which its keeper knows
        KeeperClient.connect(ws).stop(sorted(known, key=lambda name: order.index(name) if name in order else -1))


def _record_path(ws: Workspace, component: str) -> Path:
    return ws.components / component / "spec.json"


def _remember(ws: Workspace, spec: ComponentSpec) -> None:
    """Keep the spec (its secrets are names) for those who know only the component's id."""
    path = _record_path(ws, spec["component"])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, json.dumps(spec).encode())


def _record(ws: Workspace, component: str) -> ComponentSpec | None:
    try:
        spec = json.loads(_record_path(ws, component).read_bytes())
    except (OSError, ValueError):
        return None
    return spec if isinstance(spec, dict) else None


def _no_folder(spec: ComponentSpec, error: OSError) -> Diagnostic:
    return Diagnostic(
        code="P123",
        summary="component's folder cannot be written",
        detail=f"`{spec['component']}` keeps its files in `{spec['folder']}`: {error.strerror or error}"
        f"{f' (`{error.filename}`)' if error.filename else ''}.",
        hint="make room there, or make it writable; then go on with\n    stack up",
    )
