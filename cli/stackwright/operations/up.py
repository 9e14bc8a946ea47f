"""Bring a stack up, or repair it: resolve, render, apply, and probe every wire."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import StackError
from stackwright.operations.find import Target
from stackwright.operations.plan import planned, resolved, root_for
from stackwright.operations.status import status_of
from stackwright.operations.terraform import engine_of
from stackwright.operations.wires import WireWatch, broken_wires
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from stackwright.model.manifest import Manifest
    from stackwright.model.plan import Plan
    from stackwright.model.report import Progress, UpResult


def up(target: Target, progress: Progress) -> UpResult:
    """Every component running and every wire answering; what runs already is left alone."""
    from stackwright.model.report import UpResult

    began = time.monotonic()
    manifest, _ = resolved(target)  # mistakes come before a folder is made
    workspace = target.workspace
    if workspace is None or workspace.name != manifest.name:  # new, or renamed since
        workspace = Workspace.create(root_for(manifest), manifest.name, str(manifest.file))
    with lock(workspace, "up"), mark_self(workspace):
        chosen = _settle(manifest, workspace)
        watch = WireWatch(chosen, workspace, progress)
        engine = engine_of(workspace, watch)
        engine.init()
        try:
            changes = engine.apply()
        except StackError as error:
            raise watch.explain(error) from error
        if broken := broken_wires(chosen, workspace):
            raise StackError(broken)
        status = status_of(workspace)
    return UpResult(
        workspace.name,
        workspace.id,
        str(workspace.root),
        time.monotonic() - began,
        tuple(changes),
        status,
        tuple(engine.warnings),
    )


def _settle(manifest: Manifest, workspace: Workspace) -> Plan:
    """The plan with ports that are free, written down together with the Terraform root."""
    from stackwright.render import render
    from stackwright.resolve.assign import reassign
    from stackwright.runtime.ports import taken

    chosen = planned(manifest, workspace)
    ports = _ports(chosen)
    alive = {c.id for c in status_of(workspace).components if c.state in ("up", "restarting")}
    foreign = taken(port for key, port in ports.items() if key.rsplit(".", 1)[0] not in alive)
    if foreign:
        _write(workspace.ports_file, json.dumps(reassign(ports, foreign), indent=1, sort_keys=True))
        chosen = planned(manifest, workspace)
    _write(workspace.ports_file, json.dumps(_ports(chosen), indent=1, sort_keys=True))
    _write(workspace.plan_file, chosen.model_dump_json(indent=1))
    render(chosen, workspace.terraform)
    install_job_library(workspace)
    return chosen


def _ports(chosen: Plan) -> dict[str, int]:
    return {f"{c.id}.{name}": port for c in chosen.components for name, port in c.ports.items()}


def install_job_library(workspace: Workspace) -> None:
    """Copy the package that jobs and workers import into the workspace, where every user's process can read it."""
    import stackwright_job

    source, to = Path(stackwright_job.__file__).parent, workspace.jobs / "lib" / "stackwright_job"
    shutil.copytree(source, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    part.replace(path)
