"""One cluster for all of these tests: the one that KUBECONFIG names, or our own; and one engine that makes images."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

import cluster as clusters
import dockerengine
import livestack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a cluster, and is run by `make test-kubernetes`."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)


@pytest.fixture(scope="session")
def cluster() -> Iterator[clusters.Reached]:
    """The cluster, also for the commands that tests start."""
    if given := os.environ.get("KUBECONFIG"):
        reached = clusters.Reached(Path(given))
        reached.kubectl("get", "--raw", "/readyz")
        yield reached
        return
    with tempfile.TemporaryDirectory(prefix="stack-cluster-") as folder, pytest.MonkeyPatch.context() as environment:
        own = clusters.Cluster.at(Path(folder) / "cluster")
        try:
            own.start()
            for name, value in own.environment().items():
                environment.setenv(name, value)
            yield own
        except dockerengine.MissingError as why:
            pytest.skip(str(why))
        finally:
            own.stop()


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The engine, also for the commands that tests start."""
    try:
        with dockerengine.reached() as client:
            yield client
    except dockerengine.MissingError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    with livestack.place() as root:
        yield root
