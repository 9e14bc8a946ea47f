"""What each resource is now: Terraform's refresh, asked without Terraform, and without the protocol's libraries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stackwright.runtime import component, install
from stackwright.runtime.workspace import Workspace

State = dict[str, Any]  # a resource's attributes


def environment(_workspace: Workspace, state: State) -> State | None:
    """Gone when it is no longer complete: a user may empty the cache."""
    return state if install.environment_complete(json.loads(state["spec"])) else None


def process(workspace: Workspace, state: State) -> State | None:
    """Gone when a process of it is dead or has failed; the hash is that of what really runs."""
    seen = component.observe(workspace, state["component"])
    return {**state, "hash": seen.hash, "generation": seen.generation} if seen else None


def grant(_workspace: Workspace, state: State) -> State:
    """As it was: only its server knows, and may be stopped; a fresh data folder shows in the generation."""
    return state


def network(workspace: Workspace, state: State) -> State | None:
    """Gone when the engine has none of ours; another id where it was made anew."""
    from stackwright.places.docker import network

    seen = network.find(workspace)
    return {**state, "id": seen} if seen else None


def image(_workspace: Workspace, state: State) -> State | None:
    """Gone when the engine has it no longer."""
    from stackwright.places.docker import image

    return state if image.there(state["image"]) else None


def container(workspace: Workspace, state: State) -> State | None:
    """Gone when a container of it does not run; the hash is that of what really runs."""
    from stackwright.places.docker import component

    seen = component.observe(workspace, json.loads(state["spec"]))
    return {**state, "hash": seen.hash, "generation": seen.generation} if seen else None


READ = {
    "stackwright_environment": environment,
    "stackwright_process": process,
    "stackwright_grant": grant,
    "stackwright_network": network,
    "stackwright_image": image,
    "stackwright_container": container,
}


def unchanged(workspace: Path, state: State) -> bool:
    """Whether everything in this state file is still what it says; not so what nobody here knows."""
    stack = Workspace.open(workspace)
    return all(
        resource["type"] in READ and READ[resource["type"]](stack, instance["attributes"]) == instance["attributes"]
        for resource in state["resources"]
        for instance in resource["instances"]
    )
