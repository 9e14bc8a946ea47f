"""The root of a cluster: whatever the manifest says arrives as it is, and nothing of a secret is in it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from stackwright.engine.find import find_terraform
from stackwright.folders import shipped
from stackwright.model.cluster import CLOUDS, LOCAL, Cluster, Pool
from stackwright.render.cluster import Asked, charts_tf, cluster_tf, render_cluster

NODES, GPU = Pool("nodes", "m1", 1, 3), Pool("gpu", "g1", 0, 2, gpu="nvidia-l4", gpus=1)


def asked(provider: str, region: str = "here") -> Asked:
    pools = (NODES,) if provider in LOCAL else (NODES, GPU)
    return Asked(Cluster(provider=provider), "demo-1f2e3d", "/w/.stack/demo", region, "payer", pools, ("here-a",))


@pytest.mark.parametrize("provider", [*LOCAL, *CLOUDS])
def test_a_root_calls_the_module_of_its_provider(tmp_path: Path, provider: str) -> None:
    """With all of that module's files beside it, and another provider's gone."""
    render_cluster(asked("kind"), tmp_path)
    render_cluster(asked(provider), tmp_path)
    assert [path.name for path in (tmp_path / "modules").iterdir()] == [f"cluster-{provider}"]
    for file in (shipped() / "modules" / f"cluster-{provider}").glob("*.tf"):
        assert (tmp_path / "modules" / f"cluster-{provider}" / file.name).read_bytes() == file.read_bytes()
    assert f'source = "./modules/cluster-{provider}"' in (tmp_path / "main.tf").read_text()
    assert tmp_path.stat().st_mode & 0o077 == 0 or tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("provider", CLOUDS)
def test_only_what_a_module_takes_is_passed(provider: str) -> None:
    """Every variable of the call is one of the module's."""
    text = cluster_tf(asked(provider))
    call = text[text.index('module "cluster"') : text.index("\noutput")]
    given = set(re.findall(r"^  (\w+) += ", call, re.MULTILINE)) - {"source"}
    module = "\n".join(file.read_text() for file in (shipped() / "modules" / f"cluster-{provider}").glob("*.tf"))
    assert given <= set(re.findall(r'^variable "(\w+)"', module, re.MULTILINE))
    assert {"stack", "region", "nodes", "gpu"} <= given


@pytest.mark.parametrize("provider", [*LOCAL, *CLOUDS])
def test_a_root_is_as_terraform_writes_it(tmp_path: Path, provider: str) -> None:
    """Whoever ejects it sees no change after `fmt`."""
    render_cluster(asked(provider), tmp_path)
    command = [*find_terraform().command, "fmt", "-check", "-diff", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr


def test_machines_arrive_as_they_were_asked_for() -> None:
    """With the accelerator, and the zones that have it."""
    text = cluster_tf(asked("gcp-gke"))
    gpu = text[text.index("  gpu = jsondecode") :]
    said = json.loads(gpu[gpu.index("{") : gpu.index("\n  JSON")])
    assert said == {
        "type": "g1", "min": 0, "max": 2, "accelerator": "nvidia-l4", "count": 1, "zones": ["here-a"],
    }  # fmt: skip
    assert 'project = "payer"' in text and 'subscription_id = "payer"' in cluster_tf(asked("azure-aks"))


def test_hostile_words_stay_words() -> None:
    """What a cloud or a user calls something is no Terraform."""
    text = cluster_tf(asked("aws-eks", 'x" } ${file("/etc/passwd")}'))
    assert "${file(" not in text.replace("$${file(", "")


def test_charts_become_releases() -> None:
    """Pinned, in namespaces of their own, their values as JSON."""
    chart = {
        "name": "gpu-operator", "namespace": "gpu", "repository": "https://example.com", "chart": "gpu-operator",
        "version": "v1", "values": json.dumps({"driver": {"enabled": False}}),
    }  # fmt: skip
    text = charts_tf([chart])
    assert 'resource "helm_release" "gpu-operator"' in text and '{"driver": {"enabled": false}}' in text
    assert re.search(r'version += "v1"', text)
