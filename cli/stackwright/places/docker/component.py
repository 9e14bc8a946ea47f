"""One component in containers: adopted where it runs as asked, else made, prepared, started and waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker import containers, labels
from stackwright.places.docker.containers import ComponentSpec, relayed
from stackwright.places.docker.engine import Engine, asking, own_host
from stackwright.places.docker.volume import Volume
from stackwright.places.docker.watch import Watch
from stackwright.runtime import component as processes
from stackwright.runtime import steps
from stackwright.runtime.cancel import Cancelled, check
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

Progress = Callable[[str, str, str], None]  # (subject, phase, text)

_STEP_TIMEOUT = 600.0
_SLEEP = ["sleep", "infinity"]


@dataclass(frozen=True, slots=True)
class Observed:
    """A component whose containers all run."""

    hash: str
    generation: str  # of its volume


def hash_of(spec: ComponentSpec, image: str) -> str:
    """What a component is started with, in one word."""
    return processes.hash_of({**spec, "image": image})


def generation(ws: Workspace, spec: ComponentSpec) -> str | None:
    """Which volume the component has and will keep; None where the next start makes a fresh one."""
    with asking(spec["component"]) as engine:
        return Volume(engine, ws, spec).generation()


def observe(ws: Workspace, spec: ComponentSpec) -> Observed | None:
    """The component as it runs; None where a container of it is not there, dead, or being restarted."""
    with asking(spec["component"]) as engine:
        found = {labels.on(one).get(labels.PROCESS, ""): one for one in containers.of(engine, ws, spec["component"])}
        hashes = {labels.on(one).get(labels.HASH, "") for one in found.values()}
        made = Volume(engine, ws, spec).generation()
    wanted = {process["name"] for process in spec["processes"]}
    wanted |= ({labels.HOLDER} if containers.held(spec) else set()) | ({labels.RELAY} if relayed(spec) else set())
    if set(found) != wanted or len(hashes) != 1 or made is None:
        return None
    return Observed(hashes.pop(), made) if all(one["State"] == "running" for one in found.values()) else None


def ensure(ws: Workspace, spec: ComponentSpec, image: str, progress: Progress, cancel: threading.Event) -> Observed:
    """Have the component run as `spec` says and answer: adopt it, or start it (anew)."""
    component = spec["component"]
    check(cancel)
    seen = observe(ws, spec)
    with asking(component) as engine:
        start = _Start(engine, ws, spec, image, lambda phase, text: progress(component, phase, text), cancel)
        try:
            if seen and seen.hash == start.hash:
                start.adopt()
            else:
                start.afresh()
        except Cancelled:
            raise  # what runs is adopted by the next `up`, or removed by `down`
        except BaseException:
            start.give_up()
            raise
    seen = observe(ws, spec)
    if seen is None:
        raise StackError(_gone_again(spec))
    steps.client_journal(ws).write("ready", "container", component, component, hash=seen.hash)
    return seen


def stop(ws: Workspace, component: str, progress: Progress) -> None:
    """Stop and remove its containers, the last started first; its volume stays."""
    with asking(component) as engine:
        journal = steps.client_journal(ws)
        journal.write("intent", "container", component, component, hash="")  # of no spec: that nothing runs
        found = containers.of(engine, ws, component)
        if found:
            progress(component, "stopping", f"{len(found)} containers" if len(found) > 1 else "")
        remove(engine, found)
        journal.write("stopped", "container", component, component)
    progress(component, "gone", "")


def remove(engine: Engine, found: list[dict[str, Any]]) -> None:
    """Stop in this order and remove; each is stopped as its recipe says."""
    from docker.errors import NotFound

    for one in found:
        with suppress(NotFound):
            if one["State"] in ("running", "restarting", "paused"):
                engine.stop(one["Id"])
        with suppress(NotFound):
            engine.remove_container(one["Id"], v=True, force=True)


@dataclass
class _Start:
    """The start of one component."""

    engine: Engine
    ws: Workspace
    spec: ComponentSpec
    image: str
    tell: Callable[[str, str], None]
    cancel: threading.Event

    def __post_init__(self) -> None:
        self.component: str = self.spec["component"]
        self.hash = hash_of(self.spec, self.image)
        self.secrets = Secrets(self.ws.secrets_file)
        tool, python = self.spec["tool"], containers.python(self.spec)
        self.watch = Watch(self.engine, self.component, tool, python, self.secrets, self.tell, self.cancel)
        self.env = containers.environment(self.ws, self.spec, self.secrets)

    def adopt(self) -> None:
        """Everything runs as asked: only make sure that it answers."""
        for process in self.spec["processes"]:
            self.watch.follow(containers.name_of(self.spec, process["name"]))
        for process in self.spec["processes"]:
            self._wait_for(process)
        self._wait_for_all()

    def afresh(self) -> None:
        """Remove what there is of it, then make, prepare, start and wait."""
        journal = steps.client_journal(self.ws)
        journal.write("intent", "container", self.component, self.component, hash=self.hash)
        before = containers.of(self.engine, self.ws, self.component)
        if any(one["State"] == "running" for one in before):
            self.tell("stopping", "to start it anew")
        remove(self.engine, before)
        volume = Volume(self.engine, self.ws, self.spec)
        volume.make()
        self.tell("starting", "")
        first = self._make_first()
        volume.fill(first, self.secrets)
        network = self._start_network(first)
        volume.prepare(self.env, lambda number, step: self._prepare(number, step, network))
        self._start_all(first, network)

    def give_up(self) -> None:
        """Nothing of a component that did not come up goes on; its containers stay, with what they wrote."""
        with suppress(Exception):  # what cannot be stopped is the sweep's; why we gave up matters more
            for one in containers.of(self.engine, self.ws, self.component):
                self.engine.stop(one["Id"])

    def _make_first(self) -> str:
        """The container that has the component's network: its only process, or one that just holds it."""
        network = self.spec["container"]["network"]
        if not containers.held(self.spec):
            return self._make(self.spec["processes"][0], network, owns=True)
        command = containers.relaying(self.spec, "inside") if relayed(self.spec) else _SLEEP
        return self._make_helper(self.spec["container"]["name"], command, labels.HOLDER, network, owns=True)

    def _make_helper(self, name: str, command: list[str], process: str, network: str, owns: bool = False) -> str:
        spec = {**self.spec, "stop": {"signal": "KILL"}, "container": {**self.spec["container"], "mounts": []}}
        marks = self._marks(process)
        return containers.make(
            self.engine, spec, self.image, command, {}, name=name, marks=marks, network=network, owns=owns
        )

    def _start_network(self, first: str) -> str:
        """What its other containers join. With a holder it lives from now on, and with it the relay's two ends."""
        if not containers.held(self.spec):
            return str(self.spec["container"]["network"])
        ports = relayed(self.spec)
        if ports:
            name = f"{self.spec['container']['name']}--relay"
            command = containers.relaying(self.spec, "outside", own_host(self.engine))
            self.engine.start(self._make_helper(name, command, labels.RELAY, "host"))
        self.engine.start(first)
        if ports:
            self.watch.wait(first, {"tcp": f"127.0.0.1:{ports[-1]}", "timeout": 30.0}, self.component)
        return f"container:{first}"

    def _make(self, process: dict[str, Any], network: str, owns: bool = False) -> str:
        ready = process["ready"] or (self.spec["ready"] if len(self.spec["processes"]) == 1 else None)
        return containers.make(
            self.engine,
            self.spec,
            self.image,
            steps.words(process["command"], self.component),
            self.env | steps.filled(process.get("env", {}), self.secrets),
            name=containers.name_of(self.spec, process["name"]),
            marks=self._marks(process["name"]),
            network=network,
            owns=owns,
            limits=process.get("limits"),
            ready=ready,
        )

    def _marks(self, process: str) -> dict[str, str]:
        return labels.of(self.ws, self.component, **{labels.PROCESS: process, labels.HASH: self.hash})

    def _start_all(self, first: str, network: str) -> None:
        """In order, each when those it comes `after` are ready; then all have to be, and the component as a whole."""
        waiting = {process["name"]: process for process in self.spec["processes"]}
        for process in self.spec["processes"]:
            for name in [n for n in waiting if n in process["after"] or n.rpartition(".")[0] in process["after"]]:
                self._wait_for(waiting.pop(name))
            check(self.cancel)
            if len(self.spec["processes"]) > 1:
                self.tell("starting", process["name"])
            self.engine.start(self._make(process, network) if containers.held(self.spec) else first)
            self.watch.follow(containers.name_of(self.spec, process["name"]))
        for process in waiting.values():
            self._wait_for(process)
        self._wait_for_all()

    def _wait_for(self, process: dict[str, Any]) -> None:
        name = process["name"]
        self.watch.wait(containers.name_of(self.spec, name), process["ready"], f"{self.component}/{name}")

    def _wait_for_all(self) -> None:
        last = self.spec["processes"][-1]["name"]
        self.watch.wait(containers.name_of(self.spec, last), self.spec["ready"], self.component)

    def _prepare(self, number: int, step: dict[str, Any], network: str) -> None:
        """One step, in a container of its own with the same volume."""
        argv = steps.words(step["command"], self.component)
        self.tell("starting", f"preparing with `{argv[0].rpartition('/')[2]}`")
        name = f"{self.spec['container']['name']}-prepare-{number}"
        journal = steps.client_journal(self.ws)
        journal.write("intent", "prepare", self.component, str(number))
        step_ = containers.make(
            self.engine,
            self.spec,
            self.image,
            argv,
            self.env,
            name=name,
            marks=labels.of(self.ws, self.component),
            network=network,
            keep=False,
        )
        try:
            self.engine.start(step_)
            state = self._ended(step_)
            if state["Running"] or state["ExitCode"] != 0:
                raise StackError(_not_prepared(self.spec, argv[0], state, self.watch.log(step_)))
        finally:
            self.engine.remove_container(step_, v=True, force=True)
        journal.write("exit", "prepare", self.component, str(number), status=0)

    def _ended(self, container: str) -> dict[str, Any]:
        """Its state when it has ended, or has had its time."""
        for _ in range(int(_STEP_TIMEOUT / 0.1)):
            check(self.cancel)
            state: dict[str, Any] = self.engine.inspect_container(container)["State"]
            if not state["Running"]:
                break
            self.cancel.wait(0.1)
        return state


def _not_prepared(spec: ComponentSpec, program: str, state: dict[str, Any], log: str) -> Diagnostic:
    how = f"did not end within {_STEP_TIMEOUT:.0f} s" if state["Running"] else containers.ended(state)
    return Diagnostic(
        code="P169",
        summary="prepare step failed in its container",
        detail=f"`{spec['component']}` ({spec['tool']}@docker) is prepared with `{program}`, which {how}.{log}",
        hint="when the cause is gone, go on with\n    stack up",
    )


def _gone_again(spec: ComponentSpec) -> Diagnostic:
    return Diagnostic(
        code="P170",
        summary="container stopped as soon as it was ready",
        detail=f"`{spec['component']}` ({spec['tool']}@docker) answered, and was gone a moment later.",
        hint=f"the whole log is shown by\n    stack logs {spec['component']}",
    )
