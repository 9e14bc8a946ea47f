"""A stack made of one fake tool, and the interpreter of these tests as its environment."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import stackwright_job
from stackwright.model.base import Secret
from stackwright.model.plan import Component, Endpoint, Environment, JobsPlan, Plan, Wire

CATALOG = Path(__file__).parent / "catalog"
SECRET = "s3cr3tPassw0rd"
LAYERS = (
    "database", "storage", "data-versioning", "data-pipelines", "experiment-pipelines", "compute-engine",
    "experiment-tracking", "model-registry", "serving", "monitoring", "data-quality", "feature-store", "security",
    "explainability",
)  # fmt: skip
OTHERS = (
    "access-control", "lineage-metadata", "labeling", "synthetic-data", "training", "alerting", "audit", "notebooks",
)  # fmt: skip


class Secrets:
    """As the runtime's; they are all the same here."""

    def fill(self, text: object) -> str:
        if isinstance(text, str):
            return text
        assert isinstance(text, list)
        return "".join(part if isinstance(part, str) else SECRET for part in text)

    def redact(self, message: str) -> str:
        return message.replace(SECRET, "***")


secrets = Secrets()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace as `up` leaves it, with an environment."""
    bin_folder = tmp_path / "prefix" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(Path(sys.executable).resolve())
    (tmp_path / "things").mkdir()
    shutil.copytree(Path(stackwright_job.__file__).parent, tmp_path / "jobs" / "lib" / "stackwright_job")
    return tmp_path


@pytest.fixture
def stack(workspace: Path) -> Callable[..., Plan]:
    """A plan of fake components: `stack(layers, lie=...)`."""

    def make(layers: tuple[str, ...] = LAYERS, lie: str = "", **fields: str) -> Plan:
        endpoint = Endpoint(
            interface="fake",
            fields={"root": str(workspace / "things"), "password": (Secret(secret="database.admin"),), "lie": lie}
            | fields,
        )

        def component(name: str) -> Component:
            return Component(
                id=name, tool="fake", version="1", target="process", kind="service", layers=(name,), because="named",
                environment="fake", endpoints={"main": endpoint},
            )  # fmt: skip

        def wire(consumer: str, need: str, server: str) -> Wire:
            return Wire(
                consumer=consumer, need=need, server=server, endpoint="main", interface="fake", fields=endpoint.fields,
                origin="stack",
            )  # fmt: skip

        components = tuple(component(name) for name in layers)
        wires = [wire("jobs", name, name) for name in layers]
        if {"experiment-tracking", "storage"} <= set(layers):
            wires.append(wire("experiment-tracking", "artifact_store", "storage"))
        return Plan(
            name="demo", id="demo-000001", workspace=str(workspace), components=components, wires=tuple(wires),
            environments=(Environment(key="fake", python=">=3.11", prefix=str(workspace / "prefix")),),
            secrets=("database.admin",), jobs=JobsPlan(environment="fake", env={}),
        )  # fmt: skip

    return make
