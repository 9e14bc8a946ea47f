"""One engine for all of these tests: the one that DOCKER_HOST names, or our own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

import dockerengine
import livestack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs an engine, and is run by `make test-docker`."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The engine, also for the commands that tests start."""
    if given := os.environ.get("DOCKER_HOST"):
        client = docker.APIClient(base_url=given, timeout=300)
        client.ping()
        yield client
        client.close()
        return
    with tempfile.TemporaryDirectory(prefix="stack-engine-") as folder:
        own = dockerengine.Engine(Path(folder) / "engine")
        try:
            own.start()
            os.environ["DOCKER_HOST"] = own.host
            with own.client() as client:
                yield client
        except dockerengine.MissingError as why:
            pytest.skip(str(why))
        finally:
            os.environ.pop("DOCKER_HOST", None)
            own.stop()


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    with livestack.place() as root:
        yield root
