"""What is up, where it is reached, and what it said. Reads plan.json as plain JSON: these commands start fast."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean, listed
from stackwright.model.deployer import ELSEWHERE
from stackwright.model.report import ComponentStatus, ProcessStatus, StackEntry, StackStatus
from stackwright.operations import places
from stackwright.operations.find import Target, workspace_of
from stackwright.runtime import units
from stackwright.runtime.units import Seen, Unit
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.runtime.secrets import Secrets


def stacks() -> tuple[StackEntry, ...]:
    """Every stack of this user, from the index."""
    return tuple(
        StackEntry(w.name, w.id, str(w.root), str(w.manifest), w.created, _summary(w))
        for w in sorted(Workspace.all(), key=lambda w: w.name)
    )


def status(target: Target) -> StackStatus:
    """Each component and its processes as they are now; a keeper that was killed is started again."""
    return watched_status(workspace_of(target))


def watched_status(workspace: Workspace) -> StackStatus:
    """As `status`, of an open workspace."""
    if units.read_all(workspace.keeper_dir):
        from stackwright.runtime.client import KeeperClient

        KeeperClient.connect(workspace)
    return status_of(workspace)


def status_of(workspace: Workspace) -> StackStatus:
    """What its processes do, without touching anything."""
    planned = _plan(workspace).get("components", [])
    running = places.running(workspace, planned)
    components = tuple(_component(c, running) for c in planned)
    return StackStatus(workspace.name, workspace.id, str(workspace.root), components)


def outputs(target: Target, show_secrets: bool = False) -> dict[str, dict[str, object]]:
    """The fields of every endpoint; secrets only when asked for."""
    from stackwright.runtime.secrets import Secrets

    workspace = workspace_of(target)
    secrets = Secrets(workspace.secrets_file) if show_secrets else None
    return {
        f"{component['id']}.{name}": {field: _shown(value, secrets) for field, value in endpoint["fields"].items()}
        for component in _plan(workspace).get("components", [])
        for name, endpoint in component["endpoints"].items()
    }


def environment(target: Target) -> dict[str, str]:
    """The variables with which a command talks to the stack, with the jobs' environment first on PATH."""
    from stackwright.runtime.secrets import Secrets

    workspace = workspace_of(target)
    plan = _plan(workspace)
    if not plan:
        return {}
    fill = Secrets(workspace.secrets_file).fill
    variables = {name: fill(value) for name, value in plan["jobs"]["env"].items()}
    prefix = next(e["prefix"] for e in plan["environments"] if e["key"] == plan["jobs"]["environment"])
    path = os.pathsep.join([f"{prefix}/bin", os.environ.get("PATH", "/usr/bin:/bin")])
    # Not STACK_ID: what carries that is the stack's, and a user's own shell is not.
    return {**variables, "STACK_NAME": workspace.name, "PATH": path}


def logs(target: Target, component: str | None = None) -> dict[str, Path | places.Log]:
    """The log of each component, or of the one asked for: a file, or what its place says."""
    workspace = workspace_of(target)
    components = _plan(workspace).get("components", [])
    folders = {c["id"]: c["spec"]["folder"] for c in components if c["spec"]}
    if component in (c["id"] for c in components if c["target"] in ELSEWHERE):
        detail = f"`{component}` runs elsewhere, and so its log is there."
        raise StackError(Diagnostic("U007", "no log here", detail), Exit.USAGE)
    if component and component not in folders:
        detail = f"`{component}` is not a running component of `{workspace.name}`; those are {listed(folders)}."
        hint = did_you_mean(component, folders)
        raise StackError(Diagnostic("U005", "unknown component", detail, hint=hint), Exit.USAGE)
    elsewhere = places.logs(workspace, [c for c in components if component in (None, c["id"])])
    files = {name: Path(folder) / "log" for name, folder in folders.items() if component in (None, name)}
    return {**files, **elsewhere}


def hidden(target: Target) -> Callable[[str], str]:
    """What takes the stack's secrets out of a text that a tool wrote."""
    from stackwright.runtime.secrets import Secrets

    return Secrets(workspace_of(target).secrets_file).redact


def _plan(workspace: Workspace) -> dict[str, Any]:
    try:
        plan: dict[str, Any] = json.loads(workspace.plan_file.read_text())
    except (OSError, ValueError):
        return {}  # `up` was stopped before there was a plan
    return plan


def _component(component: dict[str, Any], running: dict[str, Unit | Seen]) -> ComponentStatus:
    spec = component["spec"]
    processes = tuple(
        _process(p["name"], running.get(f"{component['id']}/{p['name']}")) for p in (spec["processes"] if spec else [])
    )
    state = _worst(processes) if processes or component["target"] not in ELSEWHERE else component["target"]
    known = (component["id"], component["tool"], component["version"], tuple(component["layers"]))
    return ComponentStatus(*known, state, _url(component), processes)


def _process(name: str, seen: Unit | Seen | None) -> ProcessStatus:
    if seen is None:
        return ProcessStatus(name, "down", None, 0.0, 0, "it was not started, or it was stopped")
    state: Any = seen.state  # one of ProcessStatus' words
    return ProcessStatus(name, state, seen.pid, max(0.0, time.time() - seen.since), seen.restarts, seen.reason)


def _worst(processes: Iterable[ProcessStatus]) -> Any:
    order = ("failed", "down", "restarting", "up")
    return next((state for state in order for p in processes if p.state == state), "ready")


def _url(component: dict[str, Any]) -> str:
    for endpoint in component["endpoints"].values():
        url = endpoint["fields"].get("url")
        if isinstance(url, str):
            return url
        if "host" in endpoint["fields"]:
            return f"{endpoint['fields']['host']}:{endpoint['fields']['port']}"
    return ""


def _summary(workspace: Workspace) -> Any:
    states = [c.state for c in status_of(workspace).components]
    states = [s for s in states if s != "ready" and s not in ELSEWHERE]
    if not states or all(s in ("down", "failed") for s in states):
        return "down"
    return "up" if all(s == "up" for s in states) else "partly up"


def _shown(value: Any, secrets: Secrets | None) -> object:
    if isinstance(value, list):
        return secrets.fill(value) if secrets else "".join(p if isinstance(p, str) else "***" for p in value)
    return value
