"""By what we know our own things in a cluster; what lacks these labels is somebody else's and never touched."""

from __future__ import annotations

from typing import Any

STACK = "stackwright.stack"
COMPONENT = "stackwright.component"  # as a label what is fit for one, as an annotation the component's id
VERSION = "stackwright.version"  # of a Secret


def wanted(stack: str) -> str:
    """The API's selector for all things of a stack."""
    return f"{STACK}={stack}"


def of_pod(spec: dict[str, Any]) -> str:
    """The selector of what a component's spec became."""
    return ",".join(f"{key}={value}" for key, value in sorted(spec["pod"]["labels"].items()))


def on(thing: dict[str, Any]) -> dict[str, str]:
    """The labels of a thing."""
    return thing.get("metadata", {}).get("labels") or {}


def notes(thing: dict[str, Any]) -> dict[str, str]:
    """Its annotations."""
    return thing.get("metadata", {}).get("annotations") or {}


def name(thing: dict[str, Any]) -> str:
    """What it is called."""
    return str(thing["metadata"]["name"])
