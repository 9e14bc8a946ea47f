"""An emulated AWS for all of these tests, and cluster roots of the product's own in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import awsemulator
from awsemulator import REGION, Aws
from stackwright.model.cluster import Cluster, Gpu, Pool
from stackwright.render.cluster import Asked, render_cluster
from stackwright.runtime.workspace import Workspace

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is run by `make test-cloud`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.cloud)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """One emulator; it takes a quarter of a gigabyte."""
    if why := awsemulator.missing():
        pytest.skip(why)
    with awsemulator.running(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def aws(account: Aws, monkeypatch: pytest.MonkeyPatch, user_folders: Path) -> Iterator[Aws]:
    """An empty account, which Terraform and the product take for AWS."""
    account.reset()
    for name, value in account.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    before = dict(account.quotas.limits)
    yield account
    account.quotas.limits = before


@pytest.fixture
def made(aws: Aws, user_folders: Path) -> Callable[..., Workspace]:
    """A workspace with the root of an EKS cluster with GPUs, rendered as the product does it, for the emulator."""

    def make(name: str = "awstest", backend: str = "") -> Workspace:
        workspace = Workspace.create(user_folders / ".stack" / name, name, str(user_folders / "stack.yaml"))
        cluster = Cluster(provider="aws-eks", region=REGION, gpu=Gpu(type="nvidia-l4", max=2))
        pools = (
            Pool("nodes", "m7i.xlarge", 1, 3, 4, 16),
            Pool("gpu", "g6.xlarge", 0, 2, 4, 16, "nvidia-l4", 1),
        )
        root = workspace.root / "terraform-cluster"
        asked = Asked(cluster, workspace.id, str(workspace.root), REGION, "123456789012", pools, (f"{REGION}b",))
        render_cluster(asked, root)
        awsemulator.override(root)
        _without_addons(root)
        if backend:
            (root / "backend.tf").write_text(backend)
        return workspace

    return make


def _without_addons(root: Path) -> None:
    """The emulator has none of EKS's; the module has a variable for who wants to leave them out."""
    (root / "main_override.tf").write_text('module "cluster" {\n  addons = {}\n}\n')
