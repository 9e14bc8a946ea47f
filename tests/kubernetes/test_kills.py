"""kill -9 of the command in the middle of `up`, and of `down`: the next `down` leaves nothing in the cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

import cluster as clusters
from clusterstack import Clustered, clustered, somebody_else, things_of

LAYERS = {"database": ["postgres", "redis"]}
MOMENTS = 8


def killed(stack: Clustered, verb: str, step: int, *words: str) -> bool:
    """Kill the command after it has written down its n-th step; False when it has fewer."""
    command = stack.start(verb, "--quiet", *words, STACK_TEST_KILL_AT=str(step))
    _, said = command.communicate(timeout=stack.patience)
    assert command.returncode in (0, -9), f"{verb} killed at step {step}: exit {command.returncode}\n{said}"
    return command.returncode != 0


@pytest.fixture(scope="module")
def stack(cluster: clusters.Reached, engine: docker.APIClient, place: Path) -> Iterator[Clustered]:
    """A stack beside somebody else's things."""
    with somebody_else(cluster), clustered(place, "kills", LAYERS, cluster) as stack:
        yield stack


def test_up_killed(cluster: clusters.Reached, stack: Clustered, record_property) -> None:
    """At moments spread over a whole `up`, `down` from elsewhere leaves nothing; then `up` works."""
    stack.stack("up", "--quiet")
    steps = len(stack.steps())
    stack.down("--keep-images")
    reached = []
    for moment in sorted({max(1, steps * n // MOMENTS) for n in range(1, MOMENTS + 1)}):
        if killed(stack, "up", moment):
            last = stack.steps()[-1]
            reached.append(f"{last.get('op')} {last.get('kind')} {last.get('component') or last.get('id')}")
        name = stack.id
        assert "nothing left" in stack.down("--keep-images")
        assert things_of(cluster, name) == [], f"after step {moment}"
    record_property("killed at", "; ".join(reached))
    assert len(reached) >= MOMENTS - 2
    stack.stack("up", "--quiet")
    stack.stack("status")


def test_up_goes_on(stack: Clustered) -> None:
    """An `up` after one that was killed while Helm worked adopts what there is, and needs no `down`."""
    stack.down("--keep-images")
    command = stack.start("up", "--quiet")
    while not any(step["kind"] == "secret" for step in stack.steps() if stack.root.is_dir()):
        assert command.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        command.communicate(timeout=1.0)  # releases are being made
    command.kill()
    command.communicate()

    stack.stack("up", "--quiet")
    stack.stack("status")


def test_down_killed(cluster: clusters.Reached, stack: Clustered) -> None:
    """A `down` that is killed is finished by the next one."""
    for moment in (2, 6):
        stack.stack("up", "--quiet")
        name = stack.id
        if killed(stack, "down", moment, "--keep-images"):
            stack.down("--keep-images")
        assert things_of(cluster, name) == [], f"after step {moment}"


def test_the_folder_was_deleted(cluster: clusters.Reached, stack: Clustered) -> None:
    """A stack whose workspace is gone is still found in the cluster, by its id, and taken away."""
    import shutil

    stack.stack("up", "--quiet")
    name = stack.id
    shutil.rmtree(stack.root)
    stack.down("--keep-images")
    assert things_of(cluster, name) == []
