"""What of a stack runs in other places than this machine's processes: the use cases ask here, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from stackwright.errors import StackError
from stackwright.runtime import sweep as here
from stackwright.runtime import units
from stackwright.runtime.units import Seen, Unit

if TYPE_CHECKING:
    from stackwright.model.plan import Plan
    from stackwright.runtime.sweep import Leftover
    from stackwright.runtime.workspace import Workspace

Component = dict[str, Any]  # of plan.json


class Log(Protocol):
    """What a component writes."""

    def last(self, count: int) -> list[str]:
        """Its last lines; what follows them is `fresh`."""

    def fresh(self) -> list[str]:
        """The lines written since the last look."""


def contained(component: Component) -> bool:
    """Whether it runs in containers."""
    return "container" in (component["spec"] or {})


def require(plan: Plan) -> None:
    """StackError where containers are wanted and no engine answers: before anything is made."""
    if any(component.spec and "container" in component.spec for component in plan.components):
        engine()


def engine() -> str:
    """Which container engine answers, and where; StackError says what to do where none does."""
    from stackwright.places import docker

    return docker.about()


def running(workspace: Workspace, components: Iterable[Component]) -> dict[str, Unit | Seen]:
    """Every process as it is now, by `<component>/<process>`, wherever it runs."""
    found: dict[str, Unit | Seen] = {**units.read_all(workspace.keeper_dir)}
    inside = [component for component in components if contained(component)]
    if not inside:
        return found
    from stackwright.places import docker

    try:
        return found | docker.units(workspace)
    except StackError as error:  # nobody knows how they are
        why = "; ".join(diagnostic.summary for diagnostic in error.diagnostics)
        names = [f"{component['id']}/{process['name']}" for component in inside for process in _processes(component)]
        return found | {name: Seen(name, "", units.DOWN, time.time(), 0, why) for name in names}


def logs(workspace: Workspace, components: Iterable[Component]) -> dict[str, Log]:
    """The logs of those that run in containers; the others' are files in their folders."""
    inside = [component["id"] for component in components if contained(component)]
    if not inside:
        return {}
    from stackwright.places import docker

    return {component: docker.log(workspace, component) for component in inside}


def sweep(workspace: Workspace, keep_data: bool, keep_images: bool) -> list[Leftover]:
    """End and remove what is still there of the stack; returns what had to be removed."""
    from stackwright.places import docker

    return [*here.sweep(workspace), *docker.sweep(workspace, keep_data, keep_images)]


def prove(workspace: Workspace, keep_data: bool, keep_images: bool) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing of every place (empty: the proof), and how many things were looked at."""
    from stackwright.places import docker

    left, looked_at = here.prove(workspace)
    more, looked_further = docker.prove(workspace, keep_data, keep_images)
    return [*left, *more], {**looked_at, **looked_further}


def usage(workspace: Workspace, component: str) -> tuple[float, int]:
    """The CPU seconds and bytes of memory of a component that runs in containers."""
    from stackwright.places import docker

    return docker.usage(workspace, component) or (0.0, 0)


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


def _processes(component: Component) -> list[dict[str, Any]]:
    processes: list[dict[str, Any]] = component["spec"]["processes"]
    return processes
