"""What the forwarder of a stack is told: which ports of this machine lead to which component."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.kubernetes.cluster import Cluster
from stackwright.places.kubernetes.ports import Target, told_file, wanted, wanted_file
from stackwright.runtime import units
from stackwright.runtime.client import KeeperClient, ProcessSpec
from stackwright.runtime.files import write_atomic
from stackwright.runtime.flock import locked
from stackwright.runtime.workspace import Workspace

UNIT = ".forward/main"  # no component is called so
_PATIENCE = 30.0
_LOOK = 0.05


def publish(ws: Workspace, spec: dict[str, Any], cluster: Cluster) -> None:
    """Have the component's ports answered on this machine."""
    ports = _ports(spec)
    if ports:
        _change(ws, lambda known: {**_others(known, spec), **ports})
        KeeperClient.connect(ws).ensure(_program(ws, cluster))
        _await(ws, ports)


def withdraw(ws: Workspace, spec: dict[str, Any]) -> None:
    """Have none of them; with the last one, the forwarder goes."""
    if _change(ws, lambda known: _others(known, spec)):
        return
    if UNIT in units.read_all(ws.keeper_dir):
        KeeperClient.connect(ws).stop([UNIT])


def leads(ws: Workspace, spec: dict[str, Any]) -> bool:
    """Whether the forwarder lives, and is told of all the component's ports."""
    ports, known = _ports(spec), wanted(ws)
    return all(known.get(port) == target for port, target in ports.items()) and (not ports or alive(ws))


def alive(ws: Workspace) -> bool:
    """Whether the forwarder lives."""
    unit = units.read(ws.keeper_dir, UNIT)
    return unit is not None and units.now(unit).state == units.UP


def held(ws: Workspace) -> set[int]:
    """The ports that it holds: ours, whoever looks for free ones."""
    return set(wanted(ws)) if alive(ws) else set()


def _ports(spec: dict[str, Any]) -> dict[int, Target]:
    pod = spec["pod"]
    return {here: {"labels": pod["labels"], "port": int(port)} for port, here in pod["publish"].items()}


def _others(known: dict[int, Target], spec: dict[str, Any]) -> dict[int, Target]:
    return {port: target for port, target in known.items() if target["labels"] != spec["pod"]["labels"]}


def _change(ws: Workspace, how: Callable[[dict[int, Target]], dict[int, Target]]) -> dict[int, Target]:
    """Many components come and go at once."""
    file = wanted_file(ws)
    with locked(file.with_name(f"{file.name}.lock")):
        before = wanted(ws)
        after = how(before)
        if after != before:
            write_atomic(file, json.dumps({"v": 1, "ports": after}, sort_keys=True).encode())
        return after


def _program(ws: Workspace, cluster: Cluster) -> ProcessSpec:
    """The forwarder. It has this command's whole environment, because the user's credential plugins may want it."""
    argv = (sys.executable, "-m", "stackwright.places.kubernetes.forward", str(ws.root))
    told = json.dumps([argv, cluster.host, cluster.context, os.environ.get("KUBECONFIG")])
    ws.logs.mkdir(mode=0o700, exist_ok=True)
    return ProcessSpec(
        id=UNIT,
        hash=hashlib.sha256(told.encode()).hexdigest()[:32],
        argv=argv,
        env={**os.environ, "STACK_ID": ws.id, "PYTHONDONTWRITEBYTECODE": "1", **_absolute()},
        cwd="/",
        log=str(ws.logs / "forward.log"),
        timeout=2.0,
    )


def _absolute() -> dict[str, str]:
    """The kubeconfig's paths, which may be relative to where the user is."""
    given = os.environ.get("KUBECONFIG")
    return (
        {"KUBECONFIG": os.pathsep.join(str(Path(one).absolute()) for one in given.split(os.pathsep))} if given else {}
    )


def _await(ws: Workspace, ports: dict[int, Target]) -> None:
    """Until it has taken note."""
    until = time.monotonic() + _PATIENCE
    told: dict[str, str] = {}
    while time.monotonic() < until:
        told = _told(ws)
        if all(told.get(str(port)) == "" for port in ports):
            return
        if refused := [f"port {port}: {told[str(port)]}" for port in ports if told.get(str(port))]:
            raise StackError(_not_forwarded(ws, "; ".join(refused)))
        time.sleep(_LOOK)
    unit = units.read(ws.keeper_dir, UNIT)
    raise StackError(_not_forwarded(ws, (unit and unit.reason) or f"it does not say so within {_PATIENCE:.0f} s"))


def _told(ws: Workspace) -> dict[str, str]:
    """By port, an empty text or why it is not forwarded; nothing before it has seen the file as it is now."""
    try:
        found = json.loads(told_file(ws).read_bytes())
        fresh = found["stamp"] >= wanted_file(ws).stat().st_mtime_ns and alive(ws)
        return dict(found["ports"]) if fresh else {}
    except (OSError, ValueError, KeyError):
        return {}


def _not_forwarded(ws: Workspace, why: str) -> Diagnostic:
    return Diagnostic(
        code="P177",
        summary="ports are not forwarded",
        detail=f"What runs in the cluster is reached on this machine through the stack's forwarder, and that "
        f"does not serve: {why}.",
        hint=f"its log is `{ws.logs / 'forward.log'}`; it is started anew by\n    stack up",
    )
