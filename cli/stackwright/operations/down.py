"""Take a stack down and prove that nothing is left: destroy, sweep, destroy again where something was swept, prove."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import StackError, listed
from stackwright.model.report import DownResult, Event, Leftover, Progress
from stackwright.operations import places
from stackwright.operations.elsewhere import take_back
from stackwright.operations.find import Target, forget_own
from stackwright.operations.work import engine_of
from stackwright.runtime import index
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.operations.making import Gone
    from stackwright.runtime import sweep

_ON_IT = ("pod",)  # the place that is no more when the stack's own cluster is gone


def down(target: Target, keep_data: bool, progress: Progress, keep_images: bool = False) -> DownResult:
    """Nothing of the stack left, whatever state it was in; `left` lists what could not be removed.

    Where nothing was up, the result has no id, and there was nothing to look for.
    """
    began = time.monotonic()
    workspace = target.workspace
    if workspace is None:
        return DownResult(target.called, "", 0.0, (), (), (), {})
    with lock(workspace, "down"), mark_self(workspace):
        destroyed, notes = _destroy(workspace, progress)
        progress(Event("", "looking", "for anything that is left"))
        if pushed := places.pushed(workspace):
            progress(Event("", "leaving", f"in its registry: {listed(pushed)}"))
        swept = _sweep(workspace, keep_data, keep_images)
        if notes:  # what stood in the way may be gone now
            destroyed, notes = _destroy(workspace, progress)
            swept += _sweep(workspace, keep_data, keep_images)
        cluster = None if keep_data else _take_down_cluster(workspace, progress)
        shared = () if keep_data else take_back(workspace, progress)
        proven, looked_at = places.prove(workspace, keep_data, keep_images, _ON_IT if cluster else ())
        left, kept = _told(proven) + shared + (cluster.left if cluster else ()), ""
        if cluster:
            swept, notes = swept + cluster.swept, notes + cluster.notes
        if not left:
            client_journal(workspace).write("intent", "stack", "", "remove")
            kept = _remove(workspace, keep_data)
    took, swept, left = time.monotonic() - began, notes + swept, left or _folders_left(workspace, keep_data)
    gone = cluster.name if cluster and not cluster.left else ""
    return DownResult(workspace.name, workspace.id, took, tuple(destroyed), swept, left, looked_at, kept, gone)


def _take_down_cluster(workspace: Workspace, progress: Progress) -> Gone | None:
    """The cluster that came with the stack; what knows of clusters is loaded for those who have one."""
    if not index.cluster(workspace.id).is_file():
        return None
    from stackwright.operations import making

    return making.take_down(workspace, progress)


def _destroy(workspace: Workspace, progress: Progress) -> tuple[list[str], tuple[Leftover, ...]]:
    """What Terraform took down; where Terraform cannot, the sweep does its work and the reason is told."""
    if not (workspace.terraform / "main.tf").is_file():
        return [], ()  # `up` was stopped before there was anything to destroy
    engine = engine_of(workspace, progress)
    try:
        engine.init()
        changes = engine.destroy()
    except StackError as error:
        why = "; ".join(f"{d.summary}: {d.detail}" for d in error.diagnostics)
        return [], (Leftover("state", "Terraform could not destroy the stack, so it was swept", why),)
    return [c.what for c in changes if c.kind in ("process", "container", "workload") and c.action == "destroy"], ()


def _sweep(workspace: Workspace, keep_data: bool, keep_images: bool) -> tuple[Leftover, ...]:
    """End what Terraform did not know of: in its own way by the keeper, where there is none by force."""
    client_journal(workspace).write("intent", "stack", "", "sweep")
    with suppress(StackError):  # a keeper that hangs is swept like everything else
        KeeperClient(workspace).shutdown()
    try:
        return _told(places.sweep(workspace, keep_data, keep_images))
    except StackError as error:
        if keep_data or not index.cluster(workspace.id).is_file():
            raise
        why = "; ".join(f"{d.summary}: {d.detail}" for d in error.diagnostics)
        note = Leftover("cluster", "what runs on it could not be asked for, and goes with it", why)
        return (*_told(places.sweep(workspace, keep_data, keep_images, _ON_IT)), note)


def _remove(workspace: Workspace, keep_data: bool) -> str:
    """The stack's folders go; with `keep_data` the components' stay, and the secrets that their data need."""
    if not keep_data:
        workspace.forget()
        forget_own(Path(workspace.manifest))
        index.tidy()
        return ""
    machinery = (workspace.terraform, workspace.journal_dir, workspace.keeper_dir, workspace.programs, workspace.jobs)
    for path in (*machinery, workspace.logs):
        shutil.rmtree(path, ignore_errors=True)
    return str(workspace.components)


def _folders_left(workspace: Workspace, keep_data: bool) -> tuple[Leftover, ...]:
    folders = () if keep_data else (workspace.root, *map(Path, workspace.folders))
    return tuple(Leftover("folder", str(path), hint=f"rm -r {path}") for path in folders if path.exists())


def _told(found: Iterable[sweep.Leftover]) -> tuple[Leftover, ...]:
    return tuple(Leftover(f.kind, f.what, f.detail, f.hint) for f in found)
