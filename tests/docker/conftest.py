"""One engine for all of these tests: the one that DOCKER_HOST names, or our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest

import dockerengine
import livestack
from dockerstack import Things, things

LAST = "test_life.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs an engine, and is run by `make test-docker`.

    Images take longest, so stacks keep them for the next test. The last one uses nearly all, and shows that they go.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.docker)
    items.sort(key=lambda item: item.path == here / LAST)


@pytest.fixture(scope="session")
def reached() -> Iterator[docker.APIClient]:
    """An engine, also for the commands that tests start."""
    try:
        with dockerengine.reached() as client:
            yield client
    except dockerengine.MissingError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def blank(reached: docker.APIClient) -> Iterator[Things]:
    """What the engine had before these tests; what they kept and nobody removed goes in the end."""
    before = things(reached)
    yield before
    for image in things(reached)["image"].keys() - before["image"].keys():
        with suppress(docker.errors.NotFound):  # it went with one that was made of it
            reached.remove_image(image, force=True)


@pytest.fixture(scope="session")
def engine(reached: docker.APIClient, blank: Things) -> docker.APIClient:
    """The engine, of which it is known what it had before."""
    return reached


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    with livestack.place() as root:
        yield root
