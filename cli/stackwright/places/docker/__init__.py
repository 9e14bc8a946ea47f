"""Docker: the same recipe in containers. What the use cases ask; the SDK is loaded when an engine is spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.places.docker.status import Log
    from stackwright.runtime.sweep import Leftover
    from stackwright.runtime.units import Seen
    from stackwright.runtime.workspace import Workspace


def about() -> str:
    """Which engine answers, and where; StackError where none does."""
    from stackwright.places.docker import engine

    return engine.about()


def has_gpus() -> bool:
    """Whether the engine can pass NVIDIA's devices on."""
    from stackwright.places.docker import engine

    return engine.has_gpus()


def units(ws: Workspace) -> dict[str, Seen]:
    """Every process in a container, by `<component>/<process>`."""
    from stackwright.places.docker import status

    return status.units_of(ws)


def log(ws: Workspace, component: str) -> Log:
    """What the containers of a component wrote and go on to write."""
    from stackwright.places.docker import status

    return status.Log(ws, component)


def run_beside(ws: Workspace, component: str, process: str, words: list[str]) -> str:
    """What a short command says that is run in the container of a process."""
    from stackwright.places.docker import beside

    return beside.said(ws, component, process, words)


def usage(ws: Workspace, component: str) -> tuple[float, int] | None:
    """CPU seconds so far and bytes of memory now; None where it has no running container."""
    from stackwright.places.docker import status

    return status.usage(ws, component)


def sweep(ws: Workspace, keep_data: bool = False, keep_images: bool = False) -> list[Leftover]:
    """Take away what of the stack is on the engine; returns what should have been gone before."""
    from stackwright.places.docker import census

    return census.sweep(ws, keep_data, keep_images)


def prove(ws: Workspace, keep_data: bool = False, keep_images: bool = False) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing (empty: the proof), and how many things were looked at."""
    from stackwright.places.docker import census

    return census.prove(ws, keep_data, keep_images)


def images() -> list[tuple[str, int]]:
    """Every image of ours on the engine, with its bytes."""
    from stackwright.places.docker import census

    return census.kept()


def labelled(label: str, value: str) -> list[str]:
    """The containers that somebody else has given such a label: the nodes of a cluster, say."""
    from stackwright.places.docker import engine

    with engine.asking(value) as asked:
        found = asked.containers(all=True, filters={"label": f"{label}={value}"})
    return [one["Names"][0].lstrip("/") for one in found]


def image_size(key: str) -> int:
    """Bytes of the image of an environment; 0 where there is none."""
    from stackwright.places.docker import census

    return census.image_size(key)


def prune(before: float) -> list[tuple[str, int]]:
    """Remove the images made before a time that nobody uses; returns those, with their bytes."""
    from stackwright.places.docker import census

    return census.prune(before)
