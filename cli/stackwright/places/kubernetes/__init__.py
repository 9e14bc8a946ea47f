"""Kubernetes: the same recipe in a cluster. What the use cases ask; the client is loaded when it is spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.places.kubernetes.carry import Carrier
    from stackwright.places.kubernetes.status import Log
    from stackwright.runtime.sweep import Leftover
    from stackwright.runtime.units import Seen
    from stackwright.runtime.workspace import Workspace


def about(context: str | None = None) -> str:
    """Which cluster answers, and where; StackError where none does."""
    from stackwright.places.kubernetes import cluster

    return cluster.about(context)


def configured() -> bool:
    """Whether the user has a kubeconfig at all."""
    from pathlib import Path

    from stackwright.places.kubernetes import cluster

    return any(Path(one).is_file() for one in cluster.default_location().split(":"))


def units(ws: Workspace) -> dict[str, Seen]:
    """Every process in a pod, by `<component>/<process>`."""
    from stackwright.places.kubernetes import status

    return status.units_of(ws)


def log(ws: Workspace, component: str) -> Log:
    """What the containers of a component wrote and go on to write."""
    from stackwright.places.kubernetes import status

    return status.Log(ws, component)


def usage(ws: Workspace, component: str) -> tuple[float, int] | None:
    """CPU seconds so far and bytes of memory now; None where nobody says."""
    from stackwright.places.kubernetes import status

    return status.usage(ws, component)


def sweep(ws: Workspace, keep_data: bool = False, keep_images: bool = False) -> list[Leftover]:
    """Take away what of the stack is in the cluster; returns what should have been gone before."""
    from stackwright.places.kubernetes import census

    return census.sweep(ws, keep_data, keep_images)


def prove(ws: Workspace, keep_data: bool = False, keep_images: bool = False) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing (empty: the proof), and how many things were looked at."""
    from stackwright.places.kubernetes import census

    return census.prove(ws, keep_data, keep_images)


def pushed(ws: Workspace) -> list[str]:
    """The images that a registry has for the stack."""
    from stackwright.places.kubernetes import delivery

    return delivery.pushed(ws)


def held(ws: Workspace) -> set[int]:
    """The ports of this machine that the stack's forwarder holds."""
    from stackwright.places.kubernetes import forwarding

    return forwarding.held(ws)


def settle(ws: Workspace, known: set[str]) -> None:
    """Have Helm forget what stands in its way: releases that Terraform does not know, and acts that were broken off."""
    from stackwright.places.kubernetes import releases

    releases.settle(ws, known)


def carrier(ws: Workspace) -> Carrier:
    """What carries the files of jobs to pods and back."""
    from stackwright.places.kubernetes import carry

    return carry.Carrier(ws)


def run_beside(ws: Workspace, component: str, process: str, words: list[str]) -> str:
    """What a short command says, run in the container of a process."""
    from stackwright.places.kubernetes import inner

    return inner.run_beside(ws, component, process, words)


def disclaim(ws: Workspace) -> None:
    """The cluster that the stack was on is no more."""
    from stackwright.places.kubernetes import cluster

    cluster.disclaim(ws)
