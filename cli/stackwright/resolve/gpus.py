"""GPUs: which processes of a component have them, and on this machine which ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, islice
from typing import Any

from stackwright.model.catalog import Recipe
from stackwright.model.deployer import DockerDeployer, ProcessDeployer
from stackwright.model.plan import Component
from stackwright.resolve.draft import Draft

Spec = dict[str, Any]


def asked(draft: Draft, spec: Spec) -> Spec:
    """The spec with what its processes want: as the manifest says, else as the recipe does."""
    return {**spec, "processes": [_wanting(draft, process) for process in spec["processes"]]}


def placed(components: Iterable[Component]) -> list[Component]:
    """Each process has devices of its own on this machine, counted through the stack in start order."""
    numbers = count()
    return [
        component.model_copy(update={"spec": _with_devices(component, numbers)}) if component.spec else component
        for component in components
    ]


def _wanting(draft: Draft, process: Spec) -> Spec:
    name, recipe = process["name"].partition(".")[0], draft.recipe
    wants = (recipe.processes[name].resources if recipe.processes else None) or recipe.resources
    stated = wants.gpu if wants else None
    wanted = draft.gpus if draft.gpus and name in _workers(recipe) else stated
    return {**process, "limits": {**process.get("limits", {}), "gpu": wanted}} if wanted else process


def _workers(recipe: Recipe) -> set[str]:
    """Who does the work: processes that want a GPU anyhow, else those of which there are copies, else the last."""
    if not recipe.processes:
        return {"main"}
    stated = {name for name, process in recipe.processes.items() if process.resources and process.resources.gpu}
    copied = {name for name, process in recipe.processes.items() if process.count != 1}
    return stated or copied or {list(recipe.processes)[-1]}


def _with_devices(component: Component, numbers: Iterable[int]) -> Spec:
    spec: Spec = component.spec or {}
    if component.target not in (ProcessDeployer.target, DockerDeployer.target):
        return spec  # elsewhere somebody else says which
    contained = component.target == DockerDeployer.target
    return {**spec, "processes": [_holding(process, contained, numbers) for process in spec["processes"]]}


def _holding(process: Spec, contained: bool, numbers: Iterable[int]) -> Spec:
    mine = [str(number) for number in islice(numbers, process.get("limits", {}).get("gpu", 0))]
    if not mine:
        return process
    if contained:
        return {**process, "limits": {**process["limits"], "devices": mine}}
    # In the order in which everybody else numbers them, and not the fastest first.
    seen = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": ",".join(mine)}
    return {**process, "env": seen | process["env"]}
