"""One container as the engine makes it, and what is known of one that it has."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places import archive
from stackwright.places.docker import labels, relay
from stackwright.places.docker.engine import Engine
from stackwright.runtime import asking, steps
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

ComponentSpec = dict[str, Any]  # docs/architecture.md

FOLDER = "/stack"  # where the volume is
OWN = "/opt/stack"
ASK = f"{OWN}/asking.py"
_SECOND = 1_000_000_000  # the engine counts in nanoseconds
_RESTART = {"Name": "on-failure", "MaximumRetryCount": 5}
_ALWAYS = {
    "init": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
}
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def environment(ws: Workspace, spec: ComponentSpec, secrets: Secrets) -> dict[str, str]:
    """What every process of a component has; of this machine nothing."""
    path = [*spec.get("path", ()), f"{spec['environment']['prefix']}/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    # Whoever runs it need not be known there by a name.
    own = {"PATH": ":".join(path), "USER": "stack", "LOGNAME": "stack"}
    whole = {**spec, "env": own | spec.get("env", {})}
    return steps.environment(ws, spec.get("component") or spec["server"], whole, secrets)


def make(
    engine: Engine,
    spec: ComponentSpec,
    image: str,
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    name: str,
    marks: Mapping[str, str],
    network: str,
    owns: bool = False,
    keep: bool = True,
    limits: Mapping[str, Any] | None = None,
    ready: asking.ReadySpec | None = None,
) -> str:
    """Make one, not started, with the entry in it; `owns` its network identity, `keep` it running."""
    place, stop = spec["container"], spec.get("stop") or {}
    ports = {int(inside): ("127.0.0.1", outside) for inside, outside in place.get("publish", {}).items()}
    made = engine.create_container(
        image,
        list(command),
        name=name,
        hostname=place["alias"] if owns else None,
        environment=dict(env),
        labels=dict(marks),
        user=place["user"],
        working_dir=f"{FOLDER}/run",
        ports=list(ports) if owns else None,
        stop_signal=f"SIG{stop.get('signal', 'TERM')}",
        stop_timeout=math.ceil(float(stop.get("timeout", 10.0))),  # the API has whole seconds only
        healthcheck=_health(python(spec), ready) if ready else {"test": ["NONE"]},  # nor the base's
        networking_config=_identity(engine, network, place["alias"]) if owns else None,
        host_config=engine.create_host_config(
            network_mode=network,
            port_bindings=ports if owns else None,
            restart_policy=_RESTART if keep else None,
            mounts=list(_mounts(place)),
            **_ALWAYS,
            **_wants(limits or {}),
        ),
    )
    ident = str(made["Id"])
    engine.put_archive(ident, OWN, archive.pack(_own_files(spec)))
    return ident


def python(spec: ComponentSpec) -> str:
    """The Python of its environment, which runs what is ours inside."""
    return f"{spec['environment']['prefix']}/bin/python"


def held(spec: ComponentSpec) -> bool:
    """Whether a container of its own holds the component's network: for several processes, or for a relay."""
    return len(spec["processes"]) > 1 or bool(relayed(spec))


def relayed(spec: ComponentSpec) -> list[int]:
    """The ports of this machine's loopback that the component finds on its own."""
    return list(spec["container"].get("relay", ()))


def relaying(spec: ComponentSpec, end: str, *host: str) -> list[str]:
    """The command of one end of its relay."""
    return [python(spec), "-I", "-S", f"{OWN}/relay.py", end, f"{FOLDER}/relay", *host, *map(str, relayed(spec))]


def name_of(spec: ComponentSpec, process: str) -> str:
    """What the container of a process is called: where there is a holder, that has the component's own name."""
    name = str(spec["container"]["name"])
    return f"{name}-{process.replace('.', '__')}" if held(spec) else name


def of(engine: Engine, ws: Workspace, component: str = "") -> list[dict[str, Any]]:
    """All containers of a component, or of the stack, running or not, the last made first."""
    found: list[dict[str, Any]] = engine.containers(all=True, filters=labels.wanted(ws, component))
    return sorted(found, key=lambda one: -one["Created"])


def ended(state: Mapping[str, Any]) -> str:
    """Why a container does not run, for people."""
    if state.get("OOMKilled"):
        return "was killed, because it used more memory than there is for it"
    status = state.get("ExitCode", 0)
    if state.get("Error"):
        return f"could not be started: {state['Error']}"
    if _never(state["StartedAt"]):
        return "was not started"
    how = f"was killed by {_signal(status - 128)}" if 128 < status < 160 else f"exited with status {status}"
    return how + at(state["FinishedAt"])


def at(stamp: str) -> str:
    """When, for people."""
    return "" if _never(stamp) else f" at {stamp[11:19]} UTC"


def _never(stamp: str) -> bool:
    return stamp.startswith("0001")


def _signal(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def number_of_bytes(text: str) -> int:
    """`256Mi` in bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgGtT]?i?)[bB]?", text.strip())
    if not match:
        raise StackError(_no_size(text))
    return int(float(match[1]) * _BYTES[match[2].lower()])


def _wants(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Resources of a recipe are what a process wants, not what it may have: a killed trainer helps nobody."""
    wants: dict[str, Any] = {}
    if limits.get("cpu"):
        wants["cpu_shares"] = max(2, round(float(limits["cpu"]) * 1024))
    if limits.get("memory"):
        wants["mem_reservation"] = number_of_bytes(limits["memory"])
        wants["shm_size"] = wants["mem_reservation"]
    if limits.get("gpu"):
        from docker.types import DeviceRequest

        wants["device_requests"] = [DeviceRequest(device_ids=limits["devices"], capabilities=[["gpu"]])]
    return wants


def _health(program: str, ready: asking.ReadySpec) -> dict[str, Any]:
    return {
        "test": ["CMD", program, "-I", "-S", ASK, json.dumps(ready)],
        "interval": 15 * _SECOND,
        "timeout": 10 * _SECOND,
        "retries": 3,
        "start_period": round(float(ready.get("timeout", 60.0))) * _SECOND,
    }


def _identity(engine: Engine, network: str, alias: str) -> Any:
    return engine.create_networking_config({network: engine.create_endpoint_config(aliases=[alias])})


def _mounts(place: Mapping[str, Any]) -> Iterator[Any]:
    from docker.types import Mount

    yield Mount(FOLDER, place["volume"], type="volume")
    for mount in place.get("mounts", ()):
        yield Mount(mount["to"], mount["from"], type="bind", read_only=not mount.get("write"))


def _own_files(spec: ComponentSpec) -> Iterator[archive.Item]:
    """What is asked and relayed with, and the catalog's folder."""
    for file in map(Path, (asking.__file__, relay.__file__)):
        yield archive.Item(file.name, file.read_bytes(), 0o644)
    entry = spec.get("entry")
    if entry:
        yield from archive.tree(Path(entry["from"]), Path(entry["to"]).name)


def _no_size(text: str) -> Diagnostic:
    return Diagnostic(
        code="P165",
        summary="not an amount of memory",
        detail=f"`{text}` is no amount of memory.",
        hint="write a number and a unit, such as `512Mi` or `2Gi`",
    )
