"""From a manifest to a plan, and what Terraform would change."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Change, Progress
from stackwright.operations import elsewhere, programs
from stackwright.operations.find import Target, find
from stackwright.operations.trust import opened
from stackwright.operations.work import engine_of
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from stackwright.model.manifest import Manifest
    from stackwright.model.plan import Plan
    from stackwright.resolve import Identity


def validate(file: Path | None = None) -> Plan:
    """The plan of a manifest that is right; all its mistakes at once where it is not. Starts and writes nothing."""
    return resolved(find(file))[1]


def plan(target: Target, progress: Progress) -> tuple[Plan, tuple[Change, ...]]:
    """The plan, and what `up` would change; a stack that was never up has everything to add."""
    from stackwright.render import render

    manifest, chosen = resolved(target)
    elsewhere.secrets_of(chosen, manifest.folder, run=False)
    programs.require(chosen)
    if target.workspace is None or not target.workspace.terraform.is_dir():
        everything = [Change(e.key, "image" if e.base else "environment", "add") for e in chosen.environments]
        started = [(c.id, "container" if "container" in c.spec else "process") for c in chosen.components if c.spec]
        everything += [Change("network", "network", "add")] if "container" in dict(started).values() else []
        everything += [Change(name, kind, "add") for name, kind in started]
        everything += [Change(w.id, "grant", "add") for w in chosen.wires if w.grant]
        return chosen, tuple(everything)
    with lock(target.workspace, "plan"), mark_self(target.workspace):
        render(chosen, target.workspace.terraform)
        return chosen, tuple(engine_of(target.workspace, progress).plan())


def resolved(target: Target) -> tuple[Manifest, Plan]:
    """The manifest and its plan; every mistake in either of them at once."""
    from stackwright.catalog.load import Catalog
    from stackwright.manifest.load import load_manifest

    manifest, mistakes = load_manifest(_file(target), Catalog.shipped())
    if manifest is None:
        raise StackError(mistakes, Exit.USAGE)
    return manifest, planned(manifest, target.workspace, mistakes)


def planned(manifest: Manifest, workspace: Workspace | None, mistakes: Sequence[Diagnostic] = ()) -> Plan:
    """The resolved plan; a stack that was never up gets a provisional id."""
    from stackwright.catalog.sources import name_of
    from stackwright.resolve import resolve

    catalog = opened({name_of(text, manifest.folder): where for text, where in manifest.catalogs.items()})
    chosen, more = resolve(manifest, catalog, identity(manifest, workspace))
    found = [*mistakes, *more]
    if chosen is None or any(d.severity == "error" for d in found):
        raise StackError(found, Exit.USAGE)
    return chosen


def _file(target: Target) -> Path:
    if target.manifest is not None:
        return target.manifest
    detail = f"The manifest of `{target.name}` is not where it was when the stack came up."
    hint = f"take the stack down with\n    stack down {target.name}"
    raise StackError(Diagnostic("U004", "manifest is gone", detail, hint=hint), Exit.USAGE)


def identity(manifest: Manifest, workspace: Workspace | None) -> Identity:
    """Who the stack is, as far as it is settled: its id, its folder, its ports."""
    from stackwright.resolve import Identity

    ports: dict[str, int] = {}
    if workspace and workspace.ports_file.is_file():
        ports = json.loads(workspace.ports_file.read_text())
    return Identity(
        id=workspace.id if workspace else f"{manifest.name}-000000",
        workspace=workspace.root if workspace else root_for(manifest),
        ports=ports,
        root=os.geteuid() == 0,
        state_dir=folders.state_dir(),
        cache_dir=folders.cache_dir(),
        user=f"{os.geteuid()}:{os.getegid()}",
    )


def root_for(manifest: Manifest) -> Path:
    """Where a stack's workspace lies: beside its manifest."""
    return manifest.folder / ".stack" / manifest.name
