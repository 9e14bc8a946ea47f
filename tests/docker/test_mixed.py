"""One stack on two targets: each side reaches the other."""

from __future__ import annotations

from pathlib import Path

import docker

from dockerstack import changes, contained, things

ON_DOCKER = {"target": "docker"}


def test_processes_and_containers(engine: docker.APIClient, place: Path) -> None:
    """A tracking server that is a process keeps what it is told in a database and a storage in containers."""
    before = things(engine)
    layers = {
        "database": {"tool": "postgres", **ON_DOCKER},
        "storage": {"tool": "swift", **ON_DOCKER},
        "experiment-tracking": "mlflow",
        "model-registry": "mlflow",
        "data-versioning": "dvc",
    }
    with contained(place, "mixed", layers, target="process") as stack:
        stack.stack("up")
        labels = {"label": [f"stackwright.stack={stack.id}"]}
        inside = {one["Labels"]["stackwright.component"] for one in engine.containers(filters=labels)}
        assert inside == {"database", "storage"}
        assert {name for name, pid in stack.pids().items() if pid} == {"experiment-tracking/main"}
        for pipeline in ("lifecycle", "layers"):
            steps = stack.answer("smoke", "--pipeline", pipeline)["steps"]
            assert [step for step in steps if step["state"] == "failed"] == []
        assert "nothing left" in stack.down("--keep-images")
    assert changes(before, things(engine), "image") == []


def test_a_container_that_needs_a_process(engine: docker.APIClient, place: Path) -> None:
    """A tracking server in a container keeps its runs in a database that is a process of this machine."""
    before = things(engine)
    layers = {
        "database": {"tool": "postgres", "target": "process"},
        "experiment-tracking": {"tool": "mlflow", **ON_DOCKER},
    }
    with contained(place, "back", layers, target="process") as stack:
        stack.stack("up")
        labels = {"label": [f"stackwright.stack={stack.id}"]}
        inside = {one["Labels"]["stackwright.component"] for one in engine.containers(filters=labels)}
        assert inside == {"experiment-tracking"}
        steps = stack.answer("smoke", "--pipeline", "layers")["steps"]
        assert {step["layer"] for step in steps if step["state"] == "passed"} == {*layers}
        assert "nothing left" in stack.down("--keep-images")
    assert changes(before, things(engine), "image") == []
