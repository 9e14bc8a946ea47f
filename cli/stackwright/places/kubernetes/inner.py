"""Commands inside the pods of a stack: grants on a server there, errands, questions."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.kubernetes import labels, pods
from stackwright.places.kubernetes.cluster import Cluster, Thing, asking, same
from stackwright.places.kubernetes.command import At, execute
from stackwright.places.kubernetes.namespace import path
from stackwright.runtime import steps
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

GrantSpec = dict[str, Any]  # docs/architecture.md

OWN = "/opt/stack/own/inside.py"


def errand(prefix: str, *words: str) -> list[str]:
    """The command line of what is ours inside."""
    return [f"{prefix}/bin/python", "-I", "-S", OWN, *words]


def run_grant(ws: Workspace, spec: GrantSpec, command: str, cancel: threading.Event) -> tuple[int | None, str]:
    """Run that command of the grant once; how it ended and what it said. Secrets go by standard input."""
    wire, server, secrets = f"{spec['consumer']}.{spec['need']}", spec["server"], Secrets(ws.secrets_file)
    told = {"argv": steps.words(spec[command], wire), "env": steps.filled(spec.get("env", {}), secrets)}
    given = json.dumps({**told, "cwd": f"{spec['folder']}/run"}).encode() + b"\n"
    said: list[bytes] = []
    with asking(server, ws) as cluster:
        same(ws, cluster)
        journal = steps.client_journal(ws)
        journal.write("intent", "grant", wire, server)
        at = container_of(cluster, ws, server)
        status = execute(cluster, at, errand(spec["environment"]["prefix"], "do"), cancel, given=given, out=said.append)
        journal.write("exit", "grant", wire, server, status=status)
    return status, secrets.redact(b"".join(said).decode(errors="replace").strip())


def run_beside(ws: Workspace, component: str, process: str, words: list[str]) -> str:
    """What a short command said to its end in the container of a process; how it ended, where that was not well."""
    said: list[bytes] = []
    with asking(component, ws) as cluster:
        same(ws, cluster)
        at = container_of(cluster, ws, component)._replace(container=pods.container_of(process))
        status = execute(cluster, at, words, threading.Event(), out=said.append)
    text = b"".join(said).decode(errors="replace").rstrip()
    ended = f"\nThe command exited with status {status}." if status else ""
    return Secrets(ws.secrets_file).redact(text + ended)


def container_of(cluster: Cluster, ws: Workspace, component: str) -> At:
    """The container of its first process; StackError where it does not run."""
    pod = running_pod(cluster, ws, component)
    if pod is None:
        raise StackError(_not_running(component))
    return At(ws.id, labels.name(pod), str(pod["spec"]["containers"][0]["name"]))


def running_pod(cluster: Cluster, ws: Workspace, component: str) -> Thing | None:
    """Its pod, with all its containers running."""
    spec = spec_of(ws, component)
    selector = labels.of_pod(spec) if spec else labels.wanted(ws.id)
    found = cluster.items(path(ws.id, "pods"), labelSelector=selector)
    return pods.newest(one for one in found if pods.running(one)) if spec else None


def spec_of(ws: Workspace, component: str) -> dict[str, Any] | None:
    """What the stack was planned with last."""
    return specs(ws).get(component)


def specs(ws: Workspace) -> Mapping[str, dict[str, Any]]:
    """Of everything that the plan has in a cluster, by the component's id."""
    try:
        planned = json.loads(ws.plan_file.read_bytes())["components"]
    except (OSError, ValueError, KeyError):
        return {}
    return {one["id"]: one["spec"] for one in planned if one.get("spec") and "pod" in one["spec"]}


def _not_running(component: str) -> Diagnostic:
    return Diagnostic(
        code="P178",
        summary="pod does not run",
        detail=f"`{component}` should do something in its pod, and it has none that runs.",
        hint=f"see why, then start it again\n    stack logs {component}\n    stack up",
    )
