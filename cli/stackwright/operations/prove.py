"""Prove a tool: up with what it needs beside it, its verbs spoken, down, nothing left; and write that down."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stackwright.catalog import proof
from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.catalog import Tool
from stackwright.model.plan import Component, Environment, Plan
from stackwright.model.report import Event, Progress, ProveResult, SmokeReport, Step
from stackwright.operations import places, proving
from stackwright.operations.down import down
from stackwright.operations.find import find, plan_of, workspace_of
from stackwright.operations.smoke import smoke
from stackwright.operations.up import up
from stackwright.runtime import gpus, ports, private, units, usage
from stackwright.runtime.units import Seen, Unit
from stackwright.runtime.workspace import Workspace
from stackwright.smoke.pipeline import find_pipeline, load_pipeline

PIPELINES = ("layers", "lifecycle")  # a step a layer; and the whole, where the stack has what that needs


def prove(catalog: Catalog, tool_id: str, target: str, progress: Progress, terms: proving.Terms) -> ProveResult:
    """Bring the tool up, speak its verbs, take it down; the proof is written where all of that went well.

    With `terms.keep`, the stack of a tool that failed is left as it is, for people to look at.
    """
    began = time.monotonic()
    found: dict[str, Any] = {}
    reasons: tuple[Diagnostic, ...] = ()
    try:
        found = _Proof(catalog, catalog.tool(tool_id), target, progress, terms).made()
    except StackError as error:
        reasons = error.diagnostics
    except Exception:  # noqa: BLE001 (ours, or a pipeline's: the other tools still have their turn)
        told = traceback.format_exc(limit=-4).strip()
        reasons = (Diagnostic("S035", "proof met a fault", f"Not of the tool, it seems:\n{told}"),)
    return ProveResult(tool_id, target, not reasons, time.monotonic() - began, found, reasons)


@dataclass
class _Proof:
    catalog: Catalog
    tool: Tool
    target: str
    progress: Progress
    terms: proving.Terms
    _starting: dict[str, float] = field(default_factory=dict)  # component -> when it began to
    _took: dict[str, float] = field(default_factory=dict)  # component -> seconds until it was ready

    def made(self) -> dict[str, Any]:
        """The proof, written; StackError with every reason why there is none."""
        if self.target not in self.catalog.targets(self.tool.id) or not self.tool.layers:
            raise StackError(_nothing_to_prove(self.tool, self.target), Exit.USAGE)
        digest = proof.digest(self.catalog, self.tool.id)  # of what runs, whoever edits it meanwhile
        manifest = proving.manifest_of(self.catalog, self.tool, self.target, _steps(PIPELINES[0]), self.terms)
        with proving.scratch(manifest) as file:
            found, reasons = self._run(file)
        if reasons:
            raise StackError(reasons)
        found = self._head(digest) | found
        proof.write(self.catalog, self.tool.id, self.target, found)
        return found

    def _run(self, file: Path) -> tuple[dict[str, Any], list[Diagnostic]]:
        """What the run showed, and whatever went wrong on the way up, in the steps, and on the way down."""
        found: dict[str, Any] = {}
        reasons: list[Diagnostic] = []
        workspace, plan = None, None
        before = self._tmp()
        try:
            workspace, plan = self._up(file)
            found, reasons = self._spoken(file, workspace, plan)
        except StackError as error:
            reasons += error.diagnostics
        except BaseException:
            down(find(file), False, self._seen)
            raise
        if reasons and self.terms.keep:
            return found, reasons
        reasons = self._without_hints(reasons)
        gone = down(find(file), False, self._seen)
        left = [f"{thing.kind} {thing.what}" for thing in gone.left]
        if not left and workspace and plan:
            left = _census(workspace, plan)
        left += [f"file {path}" for path in self._tmp() if path not in before]
        if left:
            reasons.append(_left(plan, left))
        return found, reasons

    def _tmp(self) -> list[str]:
        return private.left() if self.terms.private else []

    def _without_hints(self, reasons: list[Diagnostic]) -> list[Diagnostic]:
        """What a hint would have one look at is about to go; one says how to have it stay."""
        at = "" if self.target == "process" else f"@{self.target}"
        words = f"stack catalog prove {self.tool.id}{at}{self.terms.words}{self.catalog.options} --keep"
        hints = ["" for _ in reasons[1:]] + [f"leave the stack running, and look at it\n    {words}"]
        return [replace(reason, hint=hint) for reason, hint in zip(reasons, hints, strict=False)]

    def _up(self, file: Path) -> tuple[Workspace, Plan]:
        up(find(file), self._seen)
        workspace = workspace_of(find(file))
        return workspace, plan_of(workspace)

    def _spoken(self, file: Path, workspace: Workspace, plan: Plan) -> tuple[dict[str, Any], list[Diagnostic]]:
        """The verbs of the tool's layers, with what they and the tool cost."""
        mine = [c for c in plan.components if c.tool == self.tool.id]
        runs = bool(_units(workspace, mine))
        cpu, _ = _used(workspace, mine)
        there = {layer for component in plan.components for layer in component.layers}
        reports = [
            smoke(find(file), pipeline, self._seen)
            for pipeline in (*PIPELINES, *([proof.GPUS] if gpus.found()["devices"] else ()))
            if proving.has_what_it_needs(self.tool.layers, there, _steps(pipeline))
        ]
        _, memory = _used(workspace, mine)
        took = [self._took[c.id] for c in mine if runs and c.id in self._took]
        installed = [e for e in plan.environments if e.key in {c.environment for c in mine}]
        found = {
            "python": _python(installed),
            **({"base": installed[0].base} if installed and installed[0].base else {}),
            "peers": {c.id: f"{c.tool} {c.version}" for c in plan.components if c not in mine},
            "steps": [
                {"pipeline": report.pipeline, "layer": s.layer, "step": s.name, "state": s.state}
                | ({} if s.state == "skipped" else {"seconds": round(s.seconds, 1)})
                for report in reports for s in _about(report, mine)
            ],
            "ready_seconds": round(max(took), 1) if took else None,
            "cpu_seconds": round(cpu, 1) if runs else None,
            "memory_mb": round(memory / 1e6) if memory else None,
            "install_mb": round(sum(map(_size, installed)) / 1e6),
        }  # fmt: skip
        return found, [*_restarted(_units(workspace, mine)), *_failures(self.tool, reports, mine)]

    def _head(self, digest: str) -> dict[str, Any]:
        return {
            "v": 1, "tool": self.tool.id, "version": self.tool.version, "target": self.target,
            "date": time.strftime("%Y-%m-%d", time.gmtime()), "digest": digest,
            "platform": f"{sys.platform}-{platform.machine()}",
        }  # fmt: skip

    def _seen(self, event: Event) -> None:
        """Pass progress on, and note how long what starts takes."""
        now = time.monotonic()
        if event.phase == "starting":
            self._starting.setdefault(event.component, now)
        elif event.phase == "ready" and event.component in self._starting:
            self._took.setdefault(event.component, now - self._starting[event.component])
        self.progress(event)


def _steps(pipeline: str) -> Sequence[Any]:
    return load_pipeline(find_pipeline(pipeline)).steps


def _units(workspace: Workspace, mine: Iterable[Component]) -> list[Unit | Seen]:
    ids = {component.id for component in mine}
    running = places.running(workspace, [component.model_dump() for component in mine])
    return [unit for name, unit in running.items() if name.partition("/")[0] in ids]


def _used(workspace: Workspace, mine: Sequence[Component]) -> tuple[float, int]:
    """The CPU seconds that it has had, and the memory that it has, wherever it runs."""
    inside = [c for c in mine if places.contained(c.model_dump())]
    pids = [unit.pid for unit in _units(workspace, [c for c in mine if c not in inside]) if unit.pid]
    found = [(usage.cpu(pids), usage.memory(pids) or 0), *(places.usage(workspace, c.model_dump()) for c in inside)]
    return sum(cpu for cpu, _ in found), sum(memory for _, memory in found)


def _size(environment: Environment) -> int:
    return places.image_size(environment.key) if environment.base else usage.size(Path(environment.prefix))


def _restarted(processes: Iterable[Unit | Seen]) -> list[Diagnostic]:
    """A process that dies is started again, and its verbs may well pass then."""
    found = [f"`{unit.id}` {unit.reason}" for unit in processes if unit.restarts or unit.state != units.UP]
    return [Diagnostic("S034", "process died during the proof", f"{'; '.join(found)}.")] if found else []


def _about(report: SmokeReport, mine: Iterable[Component]) -> list[Step]:
    ids = {component.id for component in mine}
    return [step for step in report.steps if step.component in ids]


def _failures(tool: Tool, reports: Sequence[SmokeReport], mine: Sequence[Component]) -> list[Diagnostic]:
    """Every wire and step that failed, and every full layer of the tool in which none passed."""
    found = []
    for report in reports:
        for wire in report.wires:
            if not wire.passed:
                detail = f"`{wire.wire}` → `{wire.server}` ({wire.interface}): {wire.detail}"
                found.append(Diagnostic("S030", "wire does not answer in the proof", detail))
        for step in report.steps:
            if step.state == "failed":
                detail = f"`{step.name}` of `{report.pipeline}`, by `{step.component}`: {step.detail}"
                found.append(Diagnostic("S031", "step of the proof failed", detail))
    # A product on a GPU says nothing of what the tool does.
    steps = [step for report in reports if report.pipeline != proof.GPUS for step in _about(report, mine)]
    passed = {step.layer for step in steps if step.state == "passed"}
    full = [layer for layer, extent in tool.layers.items() if extent == "full"]
    missing = [layer for layer in full if layer not in passed] if full or passed else list(tool.layers)
    for layer in [] if found else missing:
        why = "; ".join(dict.fromkeys(s.detail for s in steps if s.layer == layer and s.detail))
        detail = f"No step about `{layer}` passed, and `{tool.id}` says that it does it. {why}".strip()
        hint = "a layer done in part is `partial` in tool.yaml"
        found.append(Diagnostic("S032", "layer was not proven", detail, hint=hint))
    return list(dict.fromkeys(found))


def _census(workspace: Workspace, plan: Plan) -> list[str]:
    """What is there of a stack that is down: by its marks, its folders and its ports, whatever `down` said."""
    there = [f"{thing.kind} {thing.what}" for thing in places.prove(workspace, False, False)[0]]
    there += [f"folder {folder}" for folder in (workspace.root, *map(Path, workspace.folders)) if folder.exists()]
    promised = {port for component in plan.components for port in component.ports.values()}
    return there + [f"port {port}" for port in sorted(ports.taken(promised))]


def _left(plan: Plan | None, things: Sequence[str]) -> Diagnostic:
    name = plan.name if plan else "the stack"
    detail = f"After `{name}` was taken down there was: {', '.join(things)}."
    return Diagnostic("T002", "something is left after the proof", detail)


def _nothing_to_prove(tool: Tool, target: str) -> Diagnostic:
    why = f"it does not run on `{target}`" if tool.layers else "it fills no layer"
    return Diagnostic("U022", "nothing to prove", f"`{tool.id}` cannot be proven: {why}.")


def _python(environments: Iterable[Environment]) -> str | None:
    """The Python that the tool ran on: `3.11`."""
    from stackwright.resolve.images import minor_of

    for environment in environments:
        if environment.base:
            minor = minor_of(environment.base)
            return f"3.{minor}" if minor else None
        site = Path(environment.prefix) / "site-packages"
        if site.exists():
            return site.resolve().parent.name.removeprefix("python")
    return None
