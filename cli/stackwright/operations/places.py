"""What of a stack runs in other places than this machine's processes: the use cases ask here, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from stackwright.errors import StackError
from stackwright.runtime import beside, units
from stackwright.runtime import sweep as here
from stackwright.runtime.units import Seen, Unit

if TYPE_CHECKING:
    from stackwright.model.plan import Plan
    from stackwright.places.kubernetes.carry import Carrier
    from stackwright.runtime.sweep import Leftover
    from stackwright.runtime.workspace import Workspace

Component = dict[str, Any]  # of plan.json


class Log(Protocol):
    """What a component writes."""

    def last(self, count: int) -> list[str]:
        """Its last lines; what follows them is `fresh`."""

    def fresh(self) -> list[str]:
        """The lines written since the last look."""


class Place(Protocol):
    """What every place can be asked: the functions of its package."""

    def units(self, ws: Workspace) -> dict[str, Seen]:
        """Every process of the stack there, by `<component>/<process>`."""

    def log(self, ws: Workspace, component: str) -> Log:
        """What a component writes there."""

    def usage(self, ws: Workspace, component: str) -> tuple[float, int] | None:
        """CPU seconds so far and bytes of memory now; None where nobody knows."""

    def run_beside(self, ws: Workspace, component: str, process: str, words: list[str]) -> str:
        """What a short command says, run beside a process."""

    def sweep(self, ws: Workspace, keep_data: bool, keep_images: bool) -> list[Leftover]:
        """Take away what is there of the stack; returns what should have been gone before."""

    def prove(self, ws: Workspace, keep_data: bool, keep_images: bool) -> tuple[list[Leftover], dict[str, int]]:
        """What is left by a fresh listing, and how many things were looked at."""


def _docker() -> Place:
    from stackwright.places import docker

    return docker


def _kubernetes() -> Place:
    from stackwright.places import kubernetes

    return kubernetes


# By the word in a component's spec that says where it runs. A sweep goes through them in this order: what runs in a
# cluster is made from images of the engine.
_PLACES: dict[str, Callable[[], Place]] = {"pod": _kubernetes, "container": _docker}


def contained(component: Component) -> bool:
    """Whether it runs elsewhere than as processes of this machine."""
    return any(word in (component["spec"] or {}) for word in _PLACES)


def require(plan: Plan) -> None:
    """StackError where a place is wanted that does not answer: before anything is made."""
    words = {word for component in plan.components for word in _PLACES if word in (component.spec or {})}
    if words:  # the images of pods are made by the engine, too
        engine()
    if "pod" in words and not (plan.cluster and plan.cluster.made):
        cluster(plan.cluster.context if plan.cluster else None)


def engine() -> str:
    """Which container engine answers, and where; StackError says what to do where none does."""
    from stackwright.places import docker

    return docker.about()


def engine_has_gpus() -> bool:
    """Whether the container engine can pass NVIDIA's devices on."""
    from stackwright.places import docker

    return docker.has_gpus()


def cluster(context: str | None = None) -> str:
    """Which cluster answers, and where; StackError says what to do where none does."""
    from stackwright.places import kubernetes

    return kubernetes.about(context)


def cluster_configured() -> bool:
    """Whether there is a kubeconfig, so that it is worth asking."""
    from stackwright.places import kubernetes

    return kubernetes.configured()


def running(workspace: Workspace, components: Iterable[Component]) -> dict[str, Unit | Seen]:
    """Every process as it is now, by `<component>/<process>`, wherever it runs."""
    found: dict[str, Unit | Seen] = {**units.read_all(workspace.keeper_dir)}
    for place, there in _by_place(components):
        try:
            found |= place.units(workspace)
        except StackError as error:  # nobody knows how they are
            why = "; ".join(diagnostic.summary for diagnostic in error.diagnostics)
            names = [f"{one['id']}/{process['name']}" for one in there for process in one["spec"]["processes"]]
            found |= {name: Seen(name, "", units.DOWN, time.time(), 0, why) for name in names}
    return found


def logs(workspace: Workspace, components: Iterable[Component]) -> dict[str, Log]:
    """The logs of those that run elsewhere; the others' are files in their folders."""
    return {
        component["id"]: place.log(workspace, component["id"])
        for place, there in _by_place(components)
        for component in there
    }


def sweep(workspace: Workspace, keep_data: bool, keep_images: bool, gone: Collection[str] = ()) -> list[Leftover]:
    """End and remove what is still there of the stack; returns what had to be removed; `gone` are no more."""
    found = here.sweep(workspace)
    for word, place in _PLACES.items():
        found += [] if word in gone else place().sweep(workspace, keep_data, keep_images)
    return found


def prove(
    workspace: Workspace, keep_data: bool, keep_images: bool, gone: Collection[str] = ()
) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing of every place (empty: the proof), and how many things were looked at."""
    left, looked_at = here.prove(workspace)
    for place in (place for word, place in _PLACES.items() if word not in gone):
        more, looked_further = place().prove(workspace, keep_data, keep_images)
        left, looked_at = [*left, *more], {**looked_at, **looked_further}
    return left, looked_at


def pushed(workspace: Workspace) -> list[str]:
    """The images of the stack in registries: other people may pull them, so they stay."""
    from stackwright.places import kubernetes

    return kubernetes.pushed(workspace)


def forwarded(workspace: Workspace) -> set[int]:
    """Ports of this machine that are the stack's own though none of its processes listens: its forwarder does."""
    from stackwright.places import kubernetes

    return kubernetes.held(workspace)


def settle(workspace: Workspace, plan: Plan, releases: Callable[[], set[str]]) -> None:
    """Clear what a killed command has left in the way of the next; `releases` are those that Terraform knows."""
    if any("pod" in (component.spec or {}) for component in plan.components):
        from stackwright.places import kubernetes

        kubernetes.settle(workspace, releases())


def carrier(workspace: Workspace) -> Carrier:
    """What carries the files of jobs to where they are run, and back."""
    from stackwright.places import kubernetes

    return kubernetes.carrier(workspace)


def inside(workspace: Workspace, component: Component, words: list[str]) -> str:
    """What a short command says, run in the place of the process that does a component's work, as the same user."""
    spec = component["spec"]
    process = next((p for p in spec["processes"] if p.get("limits", {}).get("gpu")), spec["processes"][-1])
    for place, _ in _by_place([component]):
        return place.run_beside(workspace, component["id"], process["name"], words)
    return beside.said(workspace, spec, process, words)


def usage(workspace: Workspace, component: Component) -> tuple[float, int]:
    """The CPU seconds and bytes of memory of a component that runs elsewhere, as far as anybody knows."""
    for place, _ in _by_place([component]):
        return place.usage(workspace, component["id"]) or (0.0, 0)
    return 0.0, 0


def images() -> list[tuple[str, int]]:
    """Every image of ours with its bytes, where there is an engine."""
    from stackwright.places import docker

    with suppress(StackError):
        return docker.images()
    return []


def prune_images(before: float) -> list[tuple[str, int]]:
    """Remove the images made before a time that nobody uses; returns those, with their bytes."""
    from stackwright.places import docker

    with suppress(StackError):
        return docker.prune(before)
    return []


def image_size(key: str) -> int:
    """The bytes of an environment's image."""
    from stackwright.places import docker

    return docker.image_size(key)


def _by_place(components: Iterable[Component]) -> Iterator[tuple[Place, list[Component]]]:
    """The places of these components, each with those that run there."""
    every = list(components)
    for word, place in _PLACES.items():
        there = [component for component in every if word in (component["spec"] or {})]
        if there:
            yield place(), there
