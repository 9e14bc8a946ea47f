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


def cluster(workspace: Workspace, state: State) -> State | None:
    """Gone when its program does not list it, or it was never whole."""
    from stackwright.places import local

    seen = local.find(workspace, state["kind"])
    return {**state, **seen._asdict()} if seen else None


def namespace(workspace: Workspace, state: State) -> State | None:
    """Gone when the cluster has none of ours; another uid where it was made anew."""
    from stackwright.places.kubernetes import namespace

    seen = namespace.find(workspace)
    return {**state, "uid": seen} if seen else None


def delivery(workspace: Workspace, state: State) -> State | None:
    """Gone when the nodes have it no longer."""
    from stackwright.places.docker import export
    from stackwright.places.kubernetes import delivery

    section = json.loads(state["cluster"])
    return state if delivery.there(workspace, state["image"], section, export) else None


def secret(workspace: Workspace, state: State) -> State:
    """Without a version when it, or an object of the release, is gone: then both are made anew."""
    from stackwright.places.kubernetes import secret

    return {**state, "version": secret.observe(workspace, json.loads(state["spec"])) or ""}


def workload(workspace: Workspace, state: State) -> State | None:
    """Gone when its pod is not ready, or nothing leads to it; the hash is that of what really runs."""
    from stackwright.places.kubernetes import workload

    spec = json.loads(state["spec"])
    seen = workload.observe(workspace, spec)
    return {**state, "hash": workload.hash_of(spec, seen.image), "generation": seen.generation} if seen else None


READ = {
    "stackwright_environment": environment,
    "stackwright_process": process,
    "stackwright_grant": grant,
    "stackwright_network": network,
    "stackwright_image": image,
    "stackwright_container": container,
    "stackwright_namespace": namespace,
    "stackwright_delivery": delivery,
    "stackwright_secret": secret,
    "stackwright_workload": workload,
    "stackwright_cluster": cluster,
}


def unchanged(workspace: Path, state: State) -> bool:
    """Whether everything in this state file is still what it says; not so what nobody here knows."""
    stack = Workspace.open(workspace)
    return all(
        resource["type"] in READ and READ[resource["type"]](stack, instance["attributes"]) == instance["attributes"]
        for resource in state["resources"]
        for instance in resource["instances"]
    )
