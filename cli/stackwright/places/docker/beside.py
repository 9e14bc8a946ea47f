"""A short command beside a component's process in its container: as its user, with its variables, in its place."""

from __future__ import annotations

import threading

from stackwright.places.docker import containers, labels
from stackwright.places.docker.engine import asking, execute
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace


def said(ws: Workspace, component: str, process: str, words: list[str]) -> str:
    """What it said to its end, without secrets; how it ended, where that was not well."""
    lines: list[str] = []
    with asking(component) as engine:
        for one in containers.of(engine, ws, component):
            if labels.on(one).get(labels.PROCESS) == process and one["State"] == "running":
                status = execute(str(one["Id"]), words, threading.Event(), lines.append)
                lines += [f"The command exited with status {status}."] if status else []
                return Secrets(ws.secrets_file).redact("\n".join(lines))
    return "Its container does not run."
