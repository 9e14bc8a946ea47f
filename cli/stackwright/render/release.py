"""What the house chart is told of a component: values worked out from its spec, with names where secrets go."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stackwright.model.deployer import Contained
from stackwright.model.plan import Component

Spec = Mapping[str, Any]
Values = dict[str, Any]

_OWN = "/opt/stack/own"  # programs of ours: of the component's Secret what every container may see
_GIVEN = "/opt/stack/given"  # the whole of it, for the init container
_PORT = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
_GRACE = 5.0  # seconds that `inside.py` has beyond the recipe's own
_OFTEN, _SELDOM = 2, 10  # seconds between two questions while it starts
_SHARED = 10  # a recipe says what a process wants at its busiest, and a request is never lent to others


def values(component: Component, stack: str, chart: str) -> Values:
    """The chart's values but for the image and the Secret; `chart` tells one version of its files from another."""
    spec = component.spec or {}
    pod, processes = spec["pod"], spec["processes"]
    plain, secret = _env(spec["env"], "env")
    return {
        "chart": chart,
        "stack": stack,
        "component": component.id,
        "tool": component.tool,
        "version": component.version,
        "labels": pod["labels"],
        "ports": list(_ports(spec)),
        "storage": {"size": pod["storage"], "class": pod["storage_class"]} if pod["storage"] else None,
        "folders": [Contained.here, *([Contained.folders] if pod["folders"] else []), *pod["jobs"]],
        "grace": math.ceil(float(spec["stop"]["timeout"]) + _GRACE),
        "env": _own(spec, stack) | plain,
        "secretEnv": secret,
        "init": {"command": [*_python(spec, "inside.py"), "fill", _GIVEN]},
        "processes": [_process(spec, process) for process in processes],
    }


def _own(spec: Spec, stack: str) -> dict[str, str]:
    """What every process has; of this machine nothing."""
    path = [*spec["path"], f"{spec['environment']['prefix']}/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    folder = spec["folder"]
    return {
        "PATH": ":".join(path),
        "HOME": f"{folder}/home",
        "TMPDIR": f"{folder}/tmp",  # noqa: S108 (in a folder of our own)
        "LANG": "C.UTF-8",
        "USER": "stack",  # who runs it need not be known there by a name
        "LOGNAME": "stack",
        "STACK_ID": stack,
        "STACK_COMPONENT": spec["component"],
    }


def _env(env: Mapping[str, Any], owner: str) -> tuple[dict[str, str], dict[str, str]]:
    """The variables without secrets, and for the others the keys in the component's Secret."""
    plain, secret = dict[str, str](), dict[str, str]()
    for name, text in env.items():
        if isinstance(text, str):
            plain[name] = text
        elif any(not isinstance(part, str) for part in text):
            secret[name] = f"{owner}.{name}"
        else:
            plain[name] = "".join(text)
    return plain, secret


def _process(spec: Spec, process: Spec) -> Values:
    _refuse_secrets(process["command"])
    plain, secret = _env(process["env"], process["name"])
    ready, probe = _ready(spec, process), None
    if ready:
        # Who waits for others has nothing to say for a while, and a command may be a whole program to start.
        period = _SELDOM if process["after"] else _OFTEN
        command = [*_python(spec, "asking.py"), json.dumps(ready)]
        probe = {"command": command, "timeout": ready["timeout"], "period": period}
    return {
        "name": re.sub(r"[._]", "-", process["name"]),
        "command": [*_python(spec, "inside.py"), "run", _orders(spec, process), "--", *process["command"]],
        "env": plain,
        "secretEnv": secret,
        "probe": probe,
        **_resources(process.get("limits", {})),
    }


def _orders(spec: Spec, process: Spec) -> str:
    """Whom it comes after, and how it is stopped."""
    before = [other for other in spec["processes"] if other["name"] in process["after"]]
    after = [ready for other in before if (ready := _ready(spec, other))]
    return json.dumps({"process": process["name"], "after": after, **spec["stop"]})


def _ready(spec: Spec, process: Spec) -> dict[str, Any] | None:
    """Its own question, else for the last one that of the component."""
    last = process is spec["processes"][-1]
    asked: dict[str, Any] | None = process["ready"] or (spec["ready"] if last else None)
    _refuse_secrets(asked)
    return asked


def _resources(limits: Spec) -> Values:
    requests = {}
    if limits.get("cpu"):
        requests["cpu"] = f"{max(1, round(float(limits['cpu']) * 1000 / _SHARED))}m"
    if limits.get("memory"):
        requests["memory"] = limits["memory"]
    return {"requests": requests, "gpu": int(limits.get("gpu") or 0)}


def _ports(spec: Spec) -> Iterator[Values]:
    """The ports that others ask, each once, by their endpoints' names where a port can have such a one."""
    used, wanted = set[int](), {int(port) for port in spec["pod"]["publish"]}
    for endpoint, port in spec["ports"].items():
        if port in wanted - used:
            used.add(port)
            name = endpoint.replace("_", "-")
            yield {"name": name if _PORT.fullmatch(name) and "--" not in name else f"port-{port}", "port": port}


def _python(spec: Spec, program: str) -> list[str]:
    return [f"{spec['environment']['prefix']}/bin/python", "-I", "-S", f"{_OWN}/{program}"]


def _refuse_secrets(tree: Any) -> None:
    """What stands in a command everybody can read; `stack catalog check` lets no recipe put a secret there."""
    if isinstance(tree, dict) and "secret" in tree:
        raise ValueError("a secret in a command")
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ():
        _refuse_secrets(part)
