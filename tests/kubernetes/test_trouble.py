"""What cannot run in a cluster: each case one clear error, in the cluster's own words, before its time is up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

import cluster as clusters
from clusterstack import Clustered, clustered, things_of

LAYERS = {"database": "redis"}
SOON = 90  # seconds: long before a stack's own patience is over


@pytest.fixture(scope="module")
def stack(cluster: clusters.Reached, engine: docker.APIClient, place: Path) -> Iterator[Clustered]:
    """A small stack that runs."""
    with clustered(place, "trouble", LAYERS, cluster) as stack:
        stack.stack("up", "--quiet")
        yield stack


def refused(stack: Clustered) -> dict[str, Any]:
    """The one error of an `up` that ends soon."""
    began = time.monotonic()
    command = stack.start("up", "--json")
    out, err = command.communicate(timeout=stack.patience)
    assert command.returncode == 1, out + err
    assert time.monotonic() - began < SOON
    [error] = json.loads(out)["diagnostics"]
    return dict(error)


def patched(stack: Clustered, **template: Any) -> None:
    """Change the pod's template behind our back."""
    change = json.dumps({"spec": {"template": {"spec": template}}})
    stack.kubectl("patch", "statefulset", "database", "--type=strategic", "--patch", change)


def mended(stack: Clustered) -> None:
    """What was changed behind Helm's back comes back when it writes the release anew."""
    stack.kubectl("delete", "statefulset", "database")
    stack.stack("up", "--quiet")
    stack.stack("status")


def test_no_node_takes_it(stack: Clustered) -> None:
    """A pod that asks for more than any node has: the scheduler's reason, and what was asked for."""
    patched(stack, containers=[{"name": "main", "resources": {"requests": {"cpu": "900"}}}])
    error = refused(stack)
    assert error["code"] == "P175"
    assert "Insufficient cpu" in error["detail"] and "900 cpu" in error["detail"]
    mended(stack)


def test_its_image_cannot_be_had(stack: Clustered) -> None:
    """An image that no registry gives: its name, and why the node did not get it."""
    patched(stack, containers=[{"name": "main", "image": "registry.invalid/none:1", "imagePullPolicy": "IfNotPresent"}])
    error = refused(stack)
    assert error["code"] == "P197"
    assert "registry.invalid/none:1" in error["detail"] and "no such host" in error["detail"]
    mended(stack)


def test_an_image_that_went_from_the_node_comes_back(stack: Clustered) -> None:
    """What is no longer in the node's store is brought there again."""
    [image] = {one["image"] for one in stack.pod("database")["spec"]["containers"]}
    stack.kubectl("delete", "pod", "database-0", "--wait=false")
    import subprocess

    subprocess.run(["ctr", "-n", "k8s.io", "images", "rm", "--sync", f"docker.io/{image}"], check=True)
    assert image.split("/")[1].split(":")[0] in stack.stack("up")
    stack.stack("status")


def test_it_stops_again_and_again(stack: Clustered) -> None:
    """A crash loop: how it ended, and the last lines of its log."""
    command = ["sh", "-c", "echo the last words; exit 3"]
    patched(stack, containers=[{"name": "main", "command": command}])
    error = refused(stack)
    assert error["code"] == "P198"
    assert "exited with status 3" in error["detail"] and "the last words" in error["detail"]
    shown = stack.processes()["database/main"]
    assert shown["state"] == "failed" and "exited with status 3" in shown["reason"]
    mended(stack)


def test_it_is_not_admitted(stack: Clustered) -> None:
    """A quota that leaves no room: the cluster's refusal, though there is no pod that could tell."""
    stack.kubectl("create", "quota", "none", "--hard=pods=0")
    stack.kubectl("delete", "pod", "database-0")
    error = refused(stack)
    assert error["code"] == "P199" and "exceeded quota: none" in error["detail"]
    stack.kubectl("delete", "quota", "none")
    stack.stack("up", "--quiet")


def test_no_volume_can_be_had(cluster: clusters.Reached, engine: docker.APIClient, place: Path) -> None:
    """A storage class that the cluster lacks: the claim's own reason; and `down` takes it all away."""
    with clustered(place, "unbound", LAYERS, cluster, section={"storage_class": "no-such-class"}) as stack:
        error = refused(stack)
        assert error["code"] == "P193" and "no-such-class" in error["detail"]
        name = stack.id
        assert "nothing left" in stack.down("--keep-images")
        assert things_of(cluster, name) == []


def test_images_have_no_way(cluster: clusters.Reached, engine: docker.APIClient, place: Path) -> None:
    """A program that should bring images there and is not here is told before anything waits."""
    with clustered(place, "noway", LAYERS, cluster, section={"load": "k3s"}) as stack:
        error = refused(stack)
        assert error["code"] == "P188" and "k3s" in error["detail"]
