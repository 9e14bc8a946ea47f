"""The one network of a stack, on which its components find each other by name."""

from __future__ import annotations

from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker import component, containers, labels
from stackwright.places.docker.engine import Engine, asking, claim, near, where
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace


def find(ws: Workspace) -> str | None:
    """Its id; None where there is none of ours."""
    with asking(ws.id) as engine:
        found = _ours(engine, ws)
    return str(found[0]["Id"]) if found else None


def ensure(ws: Workspace) -> str:
    """Have it, and answer its id."""
    with asking(ws.id) as engine:
        if not near(engine):
            raise StackError(_elsewhere())
        claim(ws, engine)
        journal = client_journal(ws)
        journal.write("intent", "network", "", ws.id)
        if not _ours(engine, ws):
            engine.create_network(ws.id, driver="bridge", labels=labels.of(ws), check_duplicate=True)
        journal.write("done", "network", "", ws.id)
        return str(_ours(engine, ws)[0]["Id"])


def remove(ws: Workspace) -> None:
    """Have none. What of ours is still on it was started by a command that was killed, and goes too."""
    with asking(ws.id) as engine:
        client_journal(ws).write("intent", "network", "", ws.id)
        component.remove(engine, containers.of(engine, ws))
        for found in _ours(engine, ws):
            engine.remove_network(found["Id"])
        client_journal(ws).write("stopped", "network", "", ws.id)


def _ours(engine: Engine, ws: Workspace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.networks(filters=labels.wanted(ws))
    return found


def _elsewhere() -> Diagnostic:
    return Diagnostic(
        code="P173",
        summary="Docker engine is on another machine",
        detail=f"The engine at {where()} would publish ports on its own machine's 127.0.0.1, where nothing here "
        "reaches them.",
        hint="choose an engine of this machine\n    docker context use default\n    unset DOCKER_HOST",
    )
