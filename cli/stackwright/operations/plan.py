"""From a manifest to a plan, and what Terraform would change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Change, Progress
from stackwright.operations import elsewhere, programs
from stackwright.operations.find import Target, find
from stackwright.operations.trust import opened
from stackwright.operations.work import engine_of
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from stackwright.model.cluster import ClusterPlan
    from stackwright.model.manifest import Manifest
    from stackwright.model.plan import Plan
    from stackwright.resolve import Identity


class Planned(NamedTuple):
    """The answer of `stack plan`."""

    plan: Plan
    changes: tuple[Change, ...]
    cluster: ClusterPlan | None  # that comes with the stack


def validate(file: Path | None = None) -> Plan:
    """The plan of a manifest that is right; all its mistakes at once where it is not. Starts and writes nothing."""
    return resolved(find(file))[1]


def plan(target: Target, progress: Progress, prices: Path | None = None) -> Planned:
    """The plan, and what `up` would change; a stack that was never up has everything to add."""
    from stackwright.operations import making

    manifest, chosen = resolved(target)
    cluster = making.planned(chosen.cluster, chosen.id, target.workspace, prices, progress)
    return Planned(chosen, _changes(target, manifest, chosen, progress), cluster)


def _changes(target: Target, manifest: Manifest, chosen: Plan, progress: Progress) -> tuple[Change, ...]:
    from stackwright.render import render

    elsewhere.secrets_of(chosen, manifest.folder, run=False)
    programs.require(chosen)
    if target.workspace is None or not target.workspace.terraform.is_dir():
        return tuple(Change(what, kind, "add") for what, kind in _everything(chosen))
    with lock(target.workspace, "plan"), mark_self(target.workspace):
        render(chosen, target.workspace.terraform)
        return tuple(engine_of(target.workspace, progress).plan())


def _everything(chosen: Plan) -> Iterator[tuple[str, str]]:
    """What Terraform would make of a stack that was never up, each with its kind."""
    specs = {component.id: component.spec for component in chosen.components if component.spec}
    pods = {component.environment for component in chosen.components if "pod" in (component.spec or {})}
    yield from ((one.key, "image" if one.base else "environment") for one in chosen.environments)
    yield from [("network", "network")] if any("container" in spec for spec in specs.values()) else []
    yield from [("namespace", "namespace"), *((key, "delivery") for key in sorted(pods))] if pods else []
    for name, spec in specs.items():
        kinds = (
            ("secret", "release", "workload") if "pod" in spec else ("container" if "container" in spec else "process",)
        )
        yield from ((name, kind) for kind in kinds)
    yield from ((wire.id, "grant") for wire in chosen.wires if wire.grant)


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
