"""kill -9 of the command at ten moments of `up`, and of `down`: the next `down` leaves nothing on the engine."""

from __future__ import annotations

import time
from pathlib import Path

import docker
import pytest

from dockerstack import Contained, Things, changes, contained, somebody_else, things

LAYERS = {"database": "postgres", "compute-engine": "dask"}
MOMENTS = 10


def killed(stack: Contained, verb: str, step: int, *words: str) -> bool:
    """Kill the command after it has written down its n-th step; False when it has fewer."""
    command = stack.start(verb, "--quiet", *words, STACK_TEST_KILL_AT=str(step))
    _, said = command.communicate(timeout=stack.patience)
    assert command.returncode in (0, -9), f"{verb} killed at step {step}: exit {command.returncode}\n{said}"
    return command.returncode != 0


@pytest.fixture(scope="module")
def stack(engine: docker.APIClient, place: Path) -> Contained:
    """A stack that was up once, so that its images are there."""
    with contained(place, "kills", LAYERS) as stack:
        yield stack


@pytest.fixture(scope="module")
def before(engine: docker.APIClient) -> Things:
    """What the engine has that is none of ours."""
    with somebody_else(engine) as before:
        yield before


def test_up_killed(engine: docker.APIClient, before: Things, stack: Contained, record_property) -> None:
    """At each of ten moments spread over a whole `up`, `down` from elsewhere leaves nothing; then `up` works."""
    stack.stack("up", "--quiet")
    steps = len(stack.steps())
    stack.down("--keep-images")
    assert changes(before, things(engine), "image") == []
    moments = sorted({max(1, steps * n // MOMENTS) for n in range(1, MOMENTS + 1)})
    reached = []
    for moment in moments:
        if killed(stack, "up", moment):
            last = stack.steps()[-1]
            reached.append(f"{last.get('op')} {last.get('kind')} {last.get('component') or last.get('id')}")
        assert "nothing left" in stack.down("--keep-images")
        assert changes(before, things(engine), "image") == [], f"after step {moment}"
    record_property("killed at", "; ".join(reached))
    assert len(reached) >= MOMENTS - 1
    stack.stack("up", "--quiet")
    stack.stack("status")


def test_down_killed(engine: docker.APIClient, before: Things, stack: Contained) -> None:
    """A `down` that is killed is finished by the next one."""
    for moment in (1, 4, 8):
        stack.stack("up", "--quiet")
        if killed(stack, "down", moment, "--keep-images"):
            stack.down("--keep-images")
        assert changes(before, things(engine), "image") == [], f"after step {moment}"


def test_killed_while_images_are_made(engine: docker.APIClient, before: Things, stack: Contained) -> None:
    """Killed in the middle of an installation, its container and its half-made image go too."""
    stack.stack("up", "--quiet")
    stack.down()
    assert changes(before, things(engine)) == []
    for pause in (0.0, 1.0):
        command = stack.start("up", "--quiet")
        while not building(engine):
            assert command.poll() is None, "it ended before an image was made"
            time.sleep(0.05)
        time.sleep(pause)
        command.kill()
        command.communicate()
        stack.down()
        assert changes(before, things(engine)) == [], f"after {pause} seconds of a build"


def building(engine: docker.APIClient) -> bool:
    """Whether an environment is being installed in a container."""
    return any(name.startswith("/stackwright-build-") for one in engine.containers() for name in one["Names"])
