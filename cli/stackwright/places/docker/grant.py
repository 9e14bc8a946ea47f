"""Grants on a server in a container: the same command, run there."""

from __future__ import annotations

import threading
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker import containers, labels
from stackwright.places.docker.engine import Engine, asking, execute
from stackwright.runtime import steps
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

GrantSpec = dict[str, Any]  # docs/architecture.md


def run(ws: Workspace, spec: GrantSpec, command: str, cancel: threading.Event) -> tuple[int | None, str]:
    """Run that command of the grant once; how it ended and what it said. Secrets go by the environment."""
    wire, secrets = f"{spec['consumer']}.{spec['need']}", Secrets(ws.secrets_file)
    said: list[str] = []
    argv, env = steps.words(spec[command], wire), containers.environment(ws, spec, secrets)
    journal = steps.client_journal(ws)
    with asking(spec["server"]) as engine:
        journal.write("intent", "grant", wire, spec["server"])
        status = execute(_server(engine, ws, spec["server"]), argv, cancel, said.append, env=env)
        journal.write("exit", "grant", wire, spec["server"], status=status)
    return status, secrets.redact("\n".join(said))


def _server(engine: Engine, ws: Workspace, server: str) -> str:
    """Its first process's container, which runs."""
    for one in reversed(containers.of(engine, ws, server)):
        if one["State"] == "running" and not labels.helps(one):
            return str(one["Id"])
    raise StackError(
        Diagnostic(
            "P172",
            "server's container does not run",
            f"`{server}` should give a share, and none of its containers runs.",
            hint=f"see why, then start it again\n    stack logs {server}\n    stack up",
        )
    )
