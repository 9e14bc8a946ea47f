"""What is said of a component in containers beside its processes: to an engine, or to a cluster."""

from __future__ import annotations

from typing import Any

from stackwright.catalog.forms import references
from stackwright.folders import shipped
from stackwright.model.address import module_name
from stackwright.model.catalog import Recipe
from stackwright.model.deployer import Contained, DockerDeployer, KubernetesDeployer, ProcessDeployer
from stackwright.resolve.assign import shortened
from stackwright.resolve.context import World, folders_of
from stackwright.resolve.draft import Draft, runs_jobs

Spec = dict[str, Any]

_LONGEST_LABEL = 63


def place_of(draft: Draft, world: World) -> Spec:
    """The part of the spec that is about where it runs: `container` or `pod`."""
    return {"pod": _pod(draft, world)} if draft.target == KubernetesDeployer.target else _container(draft, world)


def limits(recipe: Recipe, process: str) -> Spec:
    """What a process, or a copy of one, wants."""
    own = recipe.processes.get(process.partition(".")[0])
    wants = (own and own.resources) or recipe.resources
    return wants.model_dump(exclude_none=True) if wants else {}


def keeps_data(recipe: Recipe) -> bool:
    """Whether there is something to lose: a data folder, or shares that others were granted."""
    return recipe.grant is not None or any(path[0] == "data_dir" for path in references(recipe.model_dump_json()))


def _container(draft: Draft, world: World) -> Spec:
    """Names, ports to publish, folders to mount."""
    stack, deployer = world.identity.id, world.container(draft)
    name = f"{stack}-{module_name(draft.id)}"
    ways = [*_users(draft, world), *({"from": folder, "to": folder} for folder in _read_by_jobs(draft, world))]
    if runs_jobs(draft, world.catalog):
        jobs = _jobs_folder(world)
        ways.append({"from": jobs, "to": jobs, "write": True})
    container = {
        "name": name,
        "network": stack,
        "alias": deployer.name,
        "volume": name,
        "user": deployer.user if isinstance(deployer, DockerDeployer) else "",
        "publish": _publish(draft, world),
        "mounts": ways,
        "relay": _relayed(draft, world),
    }
    return {"container": container}


def _pod(draft: Draft, world: World) -> Spec:
    """Names, ports to forward, what it keeps, and folders that have to be carried there."""
    stack, cluster = world.identity.id, world.cluster
    assert cluster is not None  # whoever has components there has one
    label = shortened(draft.id.replace(":", "--"), _LONGEST_LABEL)  # labels have no `:`
    jobs = [*_read_by_jobs(draft, world), _jobs_folder(world)] if runs_jobs(draft, world.catalog) else []
    return {
        "namespace": stack,
        "name": world.container(draft).name,
        "labels": {"stackwright.stack": stack, "stackwright.component": label},
        "publish": _publish(draft, world),
        "storage": cluster.storage if keeps_data(draft.recipe) else None,
        "storage_class": cluster.storage_class,
        "folders": _users(draft, world),
        "jobs": jobs,
    }


def _publish(draft: Draft, world: World) -> dict[str, int]:
    """Ports inside and those of this machine that lead there, of the endpoints that others ask."""
    ports = [world.port(draft, name) for name in sorted(world.told(draft))]
    return {str(port.usual): port.here for port in ports}


def _users(draft: Draft, world: World) -> list[dict[str, Any]]:
    """A user's own folders, where they are and where the component finds them."""
    seen = world.contexts[draft.id]["settings"]
    ways = [{"from": draft.settings[name], "to": seen[name]} for name in folders_of(draft)]
    return [way for way in ways if way["to"].startswith(f"{Contained.folders}/")]


def _jobs_folder(world: World) -> str:
    return str(world.identity.workspace / "jobs")


def _read_by_jobs(draft: Draft, world: World) -> list[str]:
    """What the scripts of jobs import, under the names that it has on this machine."""
    folders = [*map(str, world.catalog.folders), str(shipped() / "smoke_tests")]
    return folders if runs_jobs(draft, world.catalog) else []


def _relayed(draft: Draft, world: World) -> list[int]:
    """The ports of this machine that a component in containers dials, or jobs that it runs."""
    servers = {link.server for link in world.links if link.consumer == draft.id}
    everybody = runs_jobs(draft, world.catalog)
    asked = [other for other in world.everybody if everybody or other.id in servers]
    local = [other for other in asked if other.target in (ProcessDeployer.target, KubernetesDeployer.target)]
    return sorted(world.port(other, name).here for other in local for name in world.told(other))
