"""By what we know our own things on an engine; what lacks these labels is somebody else's and never touched."""

from __future__ import annotations

from typing import Any

from stackwright.runtime.workspace import Workspace

STACK = "stackwright.stack"
COMPONENT = "stackwright.component"
PROCESS = "stackwright.process"
HASH = "stackwright.hash"
GENERATION = "stackwright.generation"  # of a volume
ENVIRONMENT = "stackwright.environment"  # of an image: it belongs to no stack

# The "processes" of containers that only help: one holds a component's network, one is the outer end of its relay.
HOLDER, RELAY = ".network", ".relay"


def of(ws: Workspace, component: str = "", **more: str) -> dict[str, str]:
    """The labels of a thing of this stack."""
    labels = {STACK: ws.id} | ({COMPONENT: component} if component else {})
    return labels | more


def helps(thing: dict[str, Any]) -> bool:
    """Whether it is none of the recipe's processes: a helper, or a prepare step."""
    return on(thing).get(PROCESS, HOLDER) in (HOLDER, RELAY)


def wanted(ws: Workspace, component: str = "") -> dict[str, list[str]]:
    """The engine's filter for the things with these labels."""
    return {"label": [f"{key}={value}" for key, value in of(ws, component).items()]}


def on(thing: dict[str, Any]) -> dict[str, str]:
    """The labels of a thing as it was listed or inspected; engines say null for none."""
    return thing.get("Labels") or thing.get("Config", {}).get("Labels") or {}
