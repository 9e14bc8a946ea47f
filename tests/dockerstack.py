"""Stacks of containers driven by the real command line, and all that an engine has, listed without the product."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml

import dockerengine
from livestack import Live
from stackwright.folders import shipped

BASE = os.environ.get("STACK_TEST_DOCKER_BASE", dockerengine.BASE)
STRANGER = "stranger"
DEMO = yaml.safe_load((shipped() / "blueprints/demo.yaml").read_text())
Things = dict[str, dict[str, str]]  # kind -> id -> name

assert "stackwright" not in str(docker.__file__), "tests/docker hides the SDK"


@dataclass
class Contained(Live):
    """One stack on the engine."""

    target: str = "docker"
    jobs: dict[str, Any] = field(default_factory=dict)
    patience: float = 580  # images are made in some of its commands

    def write(self, layers: Mapping[str, Any]) -> Contained:
        """Write the manifest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = {"name": self.name, "target": self.target, "docker": {"base": BASE}, "jobs": self.jobs}
        manifest["layers"] = dict(layers)
        (self.folder / "stack.yaml").write_text(yaml.safe_dump(manifest))
        return self

    @property
    def id(self) -> str:
        """What is on its labels."""
        return str(json.loads((self.root / "stack.json").read_text())["id"])


def things(engine: docker.APIClient) -> Things:
    """Every container, network, volume and image, whoever made it."""
    return {
        "container": {c["Id"]: " ".join(c["Names"]) for c in engine.containers(all=True)},
        "network": {n["Id"]: n["Name"] for n in engine.networks()},
        "volume": {v["Name"]: v["Name"] for v in engine.volumes()["Volumes"] or []},
        "image": {i["Id"]: " ".join(i["RepoTags"] or ["untagged"]) for i in engine.images(all=True)},
    }


def changes(before: Things, after: Things, *ignored: str) -> list[str]:
    """One line for each thing that came or went."""
    kinds = [kind for kind in before if kind not in ignored]
    lines = [f"new {k}: {name}" for k in kinds for key, name in after[k].items() if key not in before[k]]
    return lines + [f"gone {k}: {name}" for k in kinds for key, name in before[k].items() if key not in after[k]]


@contextmanager
def somebody_else(engine: docker.APIClient) -> Iterator[Things]:
    """One thing of each kind that is none of ours, though its labels are much like ours; removed in the end."""
    labels = {"stackwright.stack": f"{STRANGER}-1f2e3d", "stackwright.component": "database"}
    name = f"{STRANGER}-{os.getpid()}"
    engine.create_network(name, driver="bridge", labels=labels)
    engine.create_volume(name, labels=labels)
    host = engine.create_host_config(network_mode=name, binds=[f"{name}:/kept"])
    command = ["python3", "-c", "import time; time.sleep(86400)"]
    made = engine.create_container(BASE, command, name=name, labels=labels, host_config=host)
    engine.start(made)
    try:
        image = engine.commit(
            made, repository=name, tag="1", conf={"Labels": {**labels, "stackwright.environment": "x"}}
        )
        yield things(engine)
    finally:
        engine.remove_container(made, force=True)
        engine.remove_network(name)
        engine.remove_volume(name)
        with suppress(UnboundLocalError):
            engine.remove_image(image["Id"], force=True)


@contextmanager
def contained(root: Path, name: str, layers: Mapping[str, Any], **more: Any) -> Iterator[Contained]:
    """A stack that is down in the end, whatever happened to it."""
    stack = Contained(root / name, f"{name}{os.getpid()}", **more).write(layers)
    try:
        yield stack
    finally:
        if stack.watermark():
            stack.down()
