"""Runs a pipeline through a running stack: wires first, then step by step, a worker a component."""

from __future__ import annotations

import json
import secrets as random
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from stackwright.errors import StackError
from stackwright.folders import shipped
from stackwright.model.catalog import GPU_CHECK, Layer
from stackwright.model.plan import Component, Plan
from stackwright.model.report import Event, Progress, SmokeReport, Step, WireCheck
from stackwright.smoke import gpus
from stackwright.smoke.jobs import Jobs
from stackwright.smoke.pipeline import (
    Evidence,
    NothingToCheck,
    Pipeline,
    StepSpec,
    UnmetError,
    find_pipeline,
    load_pipeline,
    where,
)
from stackwright.smoke.probe import probe_wires
from stackwright.smoke.site import JOBS, SMOKE, Execute, Fields, Install, Secrets, Site
from stackwright.smoke.within import Carrier
from stackwright.smoke.worker import UnspokenError, Worker


def run_smoke(
    plan: Plan,
    workspace: Path,
    secrets: Secrets,
    pipeline: str | None,
    progress: Progress,
    *,
    layers: Mapping[str, Layer] | None = None,
    data: Path | None = None,
    catalog: Path | None = None,
    others: tuple[Path, ...] = (),
    install: Install | None = None,
    inside: Execute | None = None,
    carrier: Carrier | None = None,
) -> SmokeReport:
    """Every wire probed, then every step whose layers the stack has; `layers` brings the verbs' deadlines."""
    began = time.monotonic()
    file = find_pipeline(pipeline)
    steps = load_pipeline(file, (layers or {}).keys())
    catalogs = (catalog or shipped() / "catalog", *others)
    site = Site(plan, workspace, secrets, layers or {}, catalogs, install, inside, carrier)
    shutil.rmtree(workspace / "jobs" / "smoke", ignore_errors=True)
    progress(Event("", "checking", "wires"))
    wires = probe_wires(site, site.wires)
    with Run(site, file.parent, data or (file.parent / steps.data).resolve()) as run:
        done = Runner(site, steps, run, wires, progress).steps()
    return SmokeReport(
        plan.name, plan.id, steps.name, time.monotonic() - began, tuple(wires), tuple(done), dict(run.cpu)
    )


class Run:
    """What a step sees: layers by name, the data, what earlier steps found out, and how to run jobs."""

    def __init__(self, site: Site, folder: Path, data: Path) -> None:
        self._site = site
        self._workers: dict[str, Worker] = {}
        self._focus: Component | None = None
        self.word = random.token_hex(4)  # of this run alone, for names in the tools
        self.folder = folder  # of the pipeline: its scripts
        self.data = data
        self.dir = site.workspace / "jobs" / "smoke" / "_pipeline"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.results: dict[str, Evidence] = {}
        self.jobs = Jobs(site)
        self.cpu: dict[str, float] = {}

    def python_of(self, component: Component) -> Path:
        """The interpreter that has what a component is made of."""
        there = self._site.plan.jobs.environment if component.contained else component.environment
        environment = component.spoken_in or there
        return self._site.prefix(environment) / "bin" / "python"

    def has(self, layer: str) -> bool:
        """Whether the stack has this layer."""
        return bool(self._site.components(layer))

    def layer(self, name: str) -> LayerVerbs:
        """The layer's component (the one the step is about, else the first), its verbs as methods."""
        about, found = self._focus, self._site.components(name)
        if not found:
            raise LookupError(f"the stack has no `{name}`: name it as one of the step's layers, or ask `run.has`")
        return LayerVerbs(self, name, about if about and name in about.layers else found[0])

    def stores_of(self, layer: str) -> list[LayerVerbs]:
        """The storage that a layer's component keeps its files in, seen with that component's own credentials."""
        component = self.layer(layer).component
        stores = []
        for wire in self._site.plan.wires:
            server = self._site.plan.component(wire.server)
            if wire.consumer == component.id and "storage" in server.layers:
                stores.append(LayerVerbs(self, "storage", server, {wire.endpoint: self._site.fields(wire.fields)}))
        return stores

    def registry_of(self, layer: str) -> LayerVerbs | None:
        """Where a layer's component has its models from: the stack's registry, else the one that joined for it."""
        if self.has("model-registry"):
            return self.layer("model-registry")
        plan, component = self._site.plan, self.layer(layer).component
        servers = [plan.component(wire.server) for wire in plan.wires if wire.consumer == component.id]
        found = (LayerVerbs(self, "model-registry", server) for server in servers)
        return next((verbs for verbs in found if self.worker(verbs.component).speaks("register")), None)

    def focus(self, component: Component) -> None:
        """From now on this component's layers mean this component."""
        self._focus = component

    def warm(self, components: list[Component]) -> None:
        """Start the workers: their imports overlap with the first steps. One that cannot start fails its own step."""
        for component in components:
            with suppress(StackError, UnspokenError):
                self.worker(component)

    def worker(self, component: Component) -> Worker:
        """The component's worker, started once."""
        if component.elsewhere and not self._site.verbs(component).is_file():
            raise UnspokenError(f"nobody has written verbs of `{component.tool}` yet")
        if component.id not in self._workers:
            self._workers[component.id] = Worker(self._site, component)
        return self._workers[component.id]

    def gpu_check(self, layer: str, component: Component) -> dict[str, Any]:
        """By the tool's own verb where it has one, else by ours."""
        own = self._site.verbs(component).is_file() and self.worker(component).speaks(GPU_CHECK)
        if own:
            return self.worker(component).call(layer, GPU_CHECK, {}, {})
        return gpus.check(self._site, partial(self.worker, component), layer, component)

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        for name, worker in self._workers.items():
            self.cpu[name] = worker.cpu
            worker.close()
        self.jobs.close()
        if self._site.carrier:
            self._site.carrier.close()


class LayerVerbs:
    """A layer as a pipeline speaks to it."""

    def __init__(self, run: Run, layer: str, component: Component, endpoints: dict[str, Fields] | None = None) -> None:
        self._run, self._layer, self.component, self._endpoints = run, layer, component, endpoints or {}

    def __getattr__(self, verb: str) -> Any:
        if verb.startswith("_"):
            raise AttributeError(verb)
        return partial(self._call, verb)

    def _call(self, verb: str, **args: Any) -> dict[str, Any]:
        if verb == "run_job" and self.component.contained:
            args |= self._run.jobs.inside(args["argv"], args["env"])
        if verb == GPU_CHECK:
            return self._run.gpu_check(self._layer, self.component)
        return self._run.worker(self.component).call(self._layer, verb, args, self._endpoints)


class Runner:
    """The steps of one pipeline, one after the other."""

    def __init__(self, site: Site, pipeline: Pipeline, run: Run, wires: list[WireCheck], progress: Progress) -> None:
        self._site, self._pipeline, self._run, self._progress = site, pipeline, run, progress
        self._broken = self._touched(wires)
        self._done: dict[str, list[Step]] = {}
        self._began = 0.0  # when the first step began

    def _touched(self, wires: list[WireCheck]) -> dict[str, str]:
        """Component -> the broken wire that keeps it, or us, from working."""
        consumers = [wire.consumer for wire in self._site.wires]
        broken = [(consumer, check) for consumer, check in zip(consumers, wires, strict=True) if not check.passed]
        return {(check.server if consumer in (JOBS, SMOKE) else consumer): check.wire for consumer, check in broken}

    def steps(self) -> list[Step]:
        """Every step's outcome, in order."""
        plans = [(spec, self._reason(spec)) for spec in self._pipeline.steps]
        used = {layer for spec, reason in plans if not reason for layer in spec.layers}
        self._began = time.monotonic()
        self._run.warm([c for c in self._site.plan.components if used & set(c.layers) and c.id not in self._broken])
        for spec in self._pipeline.steps:
            self._done[spec.name] = list(self._outcomes(spec))
        return [step for steps in self._done.values() for step in steps]

    def _outcomes(self, spec: StepSpec) -> list[Step]:
        reason = self._reason(spec) or self._blocked(spec)
        found = self._site.components(spec.layers[0])
        if reason:
            return [Step(spec.title, spec.layers[0], found[0].id if found else "", "skipped", 0.0, reason)]
        return [self._outcome(spec, component) for component in (found if spec.each else found[:1])]

    def _place(self, error: Exception) -> str:
        """Where in a user's own pipeline it happened; a shipped one is not theirs to mend."""
        folder = self._run.folder
        found = None if folder.is_relative_to(shipped() / "smoke_tests") else where(error, folder)
        return f" ({found.file}:{found.line})" if found else ""

    def _reason(self, spec: StepSpec) -> str:
        """Why this stack cannot run the step, or nothing."""
        absent = [layer for layer in spec.layers if not self._site.components(layer)]
        if absent:
            return f"the stack has no `{absent[0]}`"
        for layer in spec.layers:
            for component in self._site.components(layer):
                if component.id in self._broken:
                    return f"the wire `{self._broken[component.id]}` is broken"
        return ""

    def _blocked(self, spec: StepSpec) -> str:
        """Why an earlier step keeps this one from running, or nothing."""
        for name in (*spec.needs, *spec.after):
            states = {step.state for step in self._done[name]}
            if "failed" in states or (name in spec.needs and "passed" not in states):
                outcome = "failed" if "failed" in states else "was skipped"
                return f"`{self._done[name][0].name}` {outcome}"
        return ""

    def _outcome(self, spec: StepSpec, component: Component) -> Step:
        self._progress(Event(component.id, "checking", spec.title))
        self._run.focus(component)
        began = time.monotonic()

        def step(state: Any, detail: str = "", evidence: Evidence | None = None) -> Step:
            seconds = time.monotonic() - began
            self._progress(Event(component.id, state, spec.title))
            hide = self._site.secrets.redact  # what a client or a job said may hold what it was given
            found = json.loads(hide(json.dumps(evidence or {}, default=str)))
            since = began - self._began
            return Step(spec.title, spec.layers[0], component.id, state, seconds, hide(detail), found, since)

        try:
            evidence = spec.function(self._run)
        except (NothingToCheck, UnspokenError) as skip:
            return step("skipped", str(skip))
        except UnmetError as unmet:
            return step("failed", str(unmet) + self._place(unmet))
        except StackError as error:
            said = " ".join(f"{d.code}: {d.summary}. {d.detail}" for d in error.diagnostics)
            return step("failed", said + self._place(error))
        except Exception as error:  # noqa: BLE001 (a pipeline is somebody's program)
            return step("failed", f"{type(error).__name__}: {error}{self._place(error)}")
        self._run.results.setdefault(spec.name, evidence)
        flowed = {name: value for name, value in evidence.items() if name != "shown" and not name.startswith("_")}
        return step("passed", str(evidence.get("shown", "")), flowed)
