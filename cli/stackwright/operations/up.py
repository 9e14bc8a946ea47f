"""Bring a stack up, or repair it: resolve, render, apply, and probe every wire."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Event, Progress, UpResult
from stackwright.operations import elsewhere, gpus, making, places, programs
from stackwright.operations.down import down
from stackwright.operations.find import Target
from stackwright.operations.plan import planned, resolved, root_for
from stackwright.operations.status import status_of, watched_status
from stackwright.operations.wires import EarlyLook, WireWatch, broken_wires
from stackwright.operations.work import engine_of, install_job_library
from stackwright.runtime import index
from stackwright.runtime.files import write_atomic
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace, lock, mark_self

if TYPE_CHECKING:
    from stackwright.model.manifest import Manifest
    from stackwright.model.plan import Plan


def up(target: Target, progress: Progress) -> UpResult:
    """Every component running and every wire answering; what runs already is left alone."""
    began = time.monotonic()
    target = _anew(target, progress)
    early = None
    with ExitStack() as held:
        if target.workspace:  # before anything that takes time: whoever comes second is told at once
            held.enter_context(lock(target.workspace, "up"))
            early = held.enter_context(EarlyLook(target.workspace))
        manifest, chosen = resolved(target)  # mistakes come before a folder is made
        secrets = elsewhere.secrets_of(chosen, manifest.folder)
        programs.require(chosen)
        places.require(chosen)
        gpus.require(chosen)
        workspace = target.workspace
        if workspace is None or workspace.name != manifest.name:  # new, or renamed since
            workspace = Workspace.create(root_for(manifest), manifest.name, str(manifest.file))
            held.enter_context(lock(workspace, "up"))
            early, chosen = None, planned(manifest, workspace)
        held.enter_context(mark_self(workspace))
        making.bring_up(workspace, chosen.cluster, progress)
        chosen = settle(manifest, workspace, chosen)
        Secrets(workspace.secrets_file).put(secrets)
        elsewhere.check(chosen, workspace, progress)
        watch = WireWatch(chosen, workspace, progress)
        engine = engine_of(workspace, watch)
        engine.init()
        places.settle(workspace, chosen, engine.releases)
        try:
            changes = engine.apply()
        except StackError as error:
            raise watch.explain(error) from error
        making.let_go(workspace, chosen.cluster, progress)
        quick = early and not changes and early.saw_all_well(chosen)
        if not quick and (broken := broken_wires(chosen, workspace)):
            raise StackError(broken)
        kept = [wire.grant["name"] for wire in chosen.wires if wire.grant]
        left = [elsewhere.not_taken_back(thing) for thing in elsewhere.take_back(workspace, progress, kept)]
        status = watched_status(workspace)
    took, warnings = time.monotonic() - began, (*engine.warnings, *left)
    return UpResult(workspace.name, workspace.id, str(workspace.root), took, tuple(changes), status, warnings)


def _anew(target: Target, progress: Progress) -> Target:
    """A stack whose folder was deleted has lost its secrets: what still runs of it is ended, and it begins anew."""
    stack = target.workspace
    if stack is None:
        return target
    with index.lock():  # a stack that is just being made has its entry first, too
        if stack.whole:
            return target
    progress(Event("", "stopping", f"what runs on of `{stack.name}`, whose folder was deleted"))
    left = down(target, False, progress).left
    if left:
        things = ", ".join(f"{thing.kind} {thing.what}" for thing in left)
        detail = f"The folder of `{stack.name}` was deleted while it was up; of what runs on, this stays: {things}"
        hint = f"end it by hand, then look again with\n    stack down {stack.name}"
        raise StackError(Diagnostic("T001", "stack cannot begin anew", detail, hint=hint), Exit.LEFTOVERS)
    return Target(target.manifest, None, target.name)


def settle(manifest: Manifest, workspace: Workspace, chosen: Plan) -> Plan:
    """The plan with ports that are free, written down together with the Terraform root."""
    from stackwright.render import render

    with index.lock():  # two stacks that come up at the same moment must not choose the same ports
        ports = _free(_ports(chosen), workspace)
        write_atomic(workspace.ports_file, json.dumps(ports, indent=1, sort_keys=True).encode())
    if ports != _ports(chosen):
        chosen = planned(manifest, workspace)
    write_atomic(workspace.plan_file, chosen.model_dump_json(indent=1).encode())
    render(chosen, workspace.terraform)
    programs.link(chosen, workspace)
    install_job_library(workspace)
    return chosen


def _free(ports: dict[str, int], workspace: Workspace) -> dict[str, int]:
    """The ports, moved where somebody else listens or another stack has chosen the same; what runs keeps its own."""
    from stackwright.resolve.assign import reassign
    from stackwright.runtime.ports import promised, taken

    alive = {c.id for c in status_of(workspace).components if c.state in ("up", "restarting")}
    others, refused, own = promised(workspace), set[int](), places.forwarded(workspace)
    while True:
        asked = {port for key, port in ports.items() if key.rsplit(".", 1)[0] not in alive} - own
        foreign = taken(asked) | (asked & others)
        if not foreign:
            return ports
        refused |= foreign
        ports = reassign(ports, refused)


def _ports(chosen: Plan) -> dict[str, int]:
    return {f"{c.id}.{name}": port for c in chosen.components for name, port in c.ports.items()}
