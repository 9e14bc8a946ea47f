"""Run a pipeline through a stack that is up."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, Exit, StackError, listed
from stackwright.operations import places
from stackwright.operations.find import Target, plan_of, workspace_of
from stackwright.operations.status import watched_status
from stackwright.operations.trust import other_folders
from stackwright.operations.work import install
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from stackwright.model.plan import Component, Plan
    from stackwright.model.report import Progress, SmokeReport


def smoke(target: Target, pipeline: str | None, progress: Progress, data: Path | None = None) -> SmokeReport:
    """Every wire probed, then every step of the pipeline, on its data or this, whose layers the stack has."""
    from stackwright.catalog.load import Catalog
    from stackwright.smoke import run_smoke

    if data and not data.is_dir():
        detail = f"The pipeline is to run on the data in `{data}`, which is no folder."
        raise StackError(Diagnostic("S023", "data is not there", detail), Exit.USAGE)
    workspace = workspace_of(target)
    with lock(workspace, "smoke"), mark_self(workspace):
        plan = plan_of(workspace)
        down = [c.id for c in watched_status(workspace).components if not c.fine]
        if down:
            raise StackError(_not_whole(plan, down))
        secrets, layers = Secrets(workspace.secrets_file), Catalog.shipped().layers()
        return run_smoke(
            plan, workspace.root, secrets, pipeline, progress,
            layers=layers, data=data and data.resolve(), others=other_folders(plan),
            install=partial(_install, progress), inside=partial(_inside, workspace),
            carrier=places.carrier(workspace) if plan.jobs.inside else None,
        )  # fmt: skip


def _install(progress: Progress, packages: tuple[str, ...], python: str) -> Path:
    """An environment of a job's own, where the others are."""
    from stackwright.folders import cache_dir
    from stackwright.resolve.environments import of_a_job

    return install(of_a_job(packages, python, cache_dir()), progress)


def _inside(workspace: Workspace, component: Component, words: list[str]) -> str:
    return places.inside(workspace, component.model_dump(), words)


def _not_whole(plan: Plan, down: list[str]) -> Diagnostic:
    detail = f"Not up: {listed(down)}."
    if wires := [wire.id for wire in plan.wires if wire.server in down]:
        detail += f" What they answer is broken with them: {listed(wires)}."
    hint = "see why, and repair it, with\n    stack status\n    stack up"
    return Diagnostic("S001", "stack is not whole", detail, hint=hint)
