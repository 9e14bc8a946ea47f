"""`stack plan` of one stack on the five kinds of clusters, asked of programs and answers that stand for the clouds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import cloudclis
from stackwright.places.cloud import Account, CloudError, Machines, Offer, Quota
from stackwright.places.cloud import NoCredentialsError as NoCredentials

MANIFEST = """\
name: churn
target: kubernetes
layers: {{database: postgres}}
cluster:
  provider: {provider}
{more}"""
MORE = {
    "kind": "",
    "k3s": "",
    "aws-eks": "  region: eu-central-1\n  registry: registry.example.com/ml\n  gpu: {type: nvidia-t4, max: 2}\n",
    "gcp-gke": "  region: us-central1\n  registry: registry.example.com/ml\n  gpu: {type: nvidia-t4, max: 2}\n",
    "azure-aks": "  region: eastus\n  registry: registry.example.com/ml\n  gpu: {type: nvidia-t4, max: 2}\n",
}
CLOUDS = ("aws-eks", "gcp-gke", "azure-aks")


class Recorded:
    """Amazon's answers."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong

    def account(self) -> Account:
        if self.wrong == "credentials":
            raise NoCredentials("Unable to locate credentials", "log in\n    aws configure")
        return Account("123456789012", "user/ann", "eu-central-1")

    def regions(self) -> list[str]:
        if self.wrong == "silent":
            raise CloudError("no route to host")
        return ["eu-central-1", "us-east-1"]

    def offers(self, region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
        return {one.type: Offer((f"{region}a", f"{region}b")) for one in machines}

    def quotas(self, region: str, machines: Sequence[Machines]) -> list[Quota]:
        limit = 0.0 if self.wrong == "quota" else 64.0
        return [Quota("Running On-Demand G and VT instances (L-DB2E81BA)", limit, 0.0, 8.0)]


@pytest.fixture
def clouds(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cloudclis.Programs:
    """Programs that know the clouds, a login that says nothing, and an engine that answers."""
    programs = cloudclis.Programs(tmp_path / "programs", monkeypatch)
    programs.put("gcloud", cloudclis.GCLOUD)
    programs.put("az", cloudclis.AZ)
    programs.put("kind", {"version": {"said": "kind v0.33.0 go1.26 linux/amd64"}})
    programs.put("k3d", {"version": {"said": "k3d version v5.8.3\nk3s version v1.31.5-k3s1 (default)"}})
    cloudclis.logged_in(tmp_path, monkeypatch)
    monkeypatch.setattr("stackwright.places.docker.about", lambda: "28.0 at unix:///var/run/docker.sock")
    monkeypatch.setattr("stackwright.places.aws.Aws", Recorded)
    return programs


def written(provider: str, **changed: str) -> None:
    more = MORE[provider]
    for old, new in changed.items():
        more = more.replace(old, new)
    Path("stack.yaml").write_text(MANIFEST.format(provider=provider, more=more))


def section(out: str) -> str:
    lines = out.splitlines()
    return "\n".join(lines[next(n for n, line in enumerate(lines) if line.startswith("Cluster")) :])


@pytest.mark.parametrize("provider", MORE)
def test_a_plan_shows_the_cluster_that_comes_with_the_stack(
    clouds: Any, stack: Any, snapshot: Any, provider: str
) -> None:
    """Pools, prices, answers and that it was never run: for each of the five, and nothing is made."""
    written(provider)
    for width in (80, 60):
        answer = stack("plan", width=width)
        assert answer.code == 0, answer
        snapshot(f"plan-cluster-{provider}-{width}", section(answer.out))
    assert not Path(".stack").exists()
    assert not [one for one in clouds.asked if any(word in one.split() for word in ("create", "delete", "apply"))]


def test_programs_get_the_cluster_too(clouds: Any, stack: Any) -> None:
    """The same facts as JSON."""
    written("gcp-gke")
    found = json.loads(stack("plan", "--json").out)["result"]["cluster"]
    assert found["provider"] == "gcp-gke" and found["account"] == "my-project"
    assert [(pool["name"], pool["machine"], pool["min"], pool["max"]) for pool in found["pools"]] == [
        ("nodes", "e2-standard-4", 1, 3),
        ("gpu", "n1-standard-4", 0, 2),
    ]
    least, most = found["per_hour"]
    assert least == pytest.approx(0.10 + 0.13402 + 0.0137) and most == pytest.approx(
        0.10 + 3 * 0.13402 + 2 * 0.54 + 5 * 0.0137
    )
    assert found["run"]["state"] == "never run"


def test_a_stack_without_a_cluster_has_none_in_its_plan(here: Path, stack: Any) -> None:
    """The key is there, and null."""
    Path("stack.yaml").write_text("name: churn\nlayers: {database: postgres}\n")
    assert json.loads(stack("plan", "--json").out)["result"]["cluster"] is None


@pytest.mark.parametrize(
    ("provider", "region", "near"),
    [
        ("gcp-gke", "us-central1", "us-centrall"),
        ("azure-aks", "eastus", "eastuz"),
        ("aws-eks", "eu-central-1", "eu-centrall-1"),
    ],
)
def test_a_wrong_region_is_one_error(clouds: Any, stack: Any, provider: str, region: str, near: str) -> None:
    """With the nearest one that there is, at its place in the file."""
    written(provider, **{region: near})
    answer = stack("plan")
    assert answer.code == 2
    assert answer.err.count("error[") == 1 and "error[P247]" in answer.err
    assert f"did you mean `{region}`?" in answer.err and f"region: {near}" in answer.err


@pytest.mark.parametrize("provider", CLOUDS)
def test_too_small_a_quota_is_one_error(
    clouds: Any, stack: Any, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    """What is counted, what is wanted, what is free."""
    monkeypatch.setattr("stackwright.places.aws.Aws", lambda: Recorded("quota"))
    written(provider, **{"max: 2": "max: 3"})
    answer = stack("plan")
    assert answer.code == 1
    assert answer.err.count("error[P249]") == 1 and "Nothing was made" in answer.err


@pytest.mark.parametrize("provider", CLOUDS)
def test_without_credentials_there_is_one_error(
    clouds: Any, stack: Any, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    """That says how to log in."""
    monkeypatch.setattr("stackwright.places.aws.Aws", lambda: Recorded("credentials"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    clouds.put("az", {"account show": "Please run 'az login' to setup account."})
    written(provider)
    answer = stack("plan")
    assert answer.code == 1
    assert answer.err.count("error[") == 1 and "error[P246]" in answer.err
    assert {"aws-eks": "aws configure", "gcp-gke": "gcloud auth", "azure-aks": "az login"}[provider] in answer.err


def test_a_cloud_without_a_way_for_images_is_refused(clouds: Any, stack: Any) -> None:
    """Before anybody is asked."""
    written("gcp-gke", **{"  registry: registry.example.com/ml\n": ""})
    answer = stack("plan")
    assert answer.code == 2 and "error[R029]" in answer.err and not clouds.asked


def test_prices_may_be_the_users_own(clouds: Any, stack: Any) -> None:
    """A table of theirs is read as ours is, mistakes told with their place."""
    written("azure-aks")
    Path("own.yaml").write_text(
        "source: our contract\ndate: '2026-01-31'\ncurrency: EUR\ncontrol_plane: {eastus: 1}\nusual: Standard_D4s_v5\n"
        "machines:\n  Standard_D4s_v5: {cpu: 4, memory: 16, price: {eastus: 2}}\n"
        "  Standard_NC4as_T4_v3: {cpu: 4, memory: 28, gpu: {type: nvidia-t4}, price: {eastus: 3}}\n"
    )
    shown = stack("plan", "--prices", "own.yaml")
    assert "Costs 3.00 to 13.00 EUR an hour" in shown.out and "2026-01-31, our contract" in shown.out
    Path("own.yaml").write_text("source: x\ndate: yesterday\nmachine: {}\n")
    answer = stack("plan", "--prices", "own.yaml")
    assert answer.code == 2 and "own.yaml:2:7" in answer.err and "did you mean `machines`?" in answer.err


def test_a_price_that_nobody_knows_is_said(clouds: Any, stack: Any) -> None:
    """A region beyond the table costs something, too."""
    written("aws-eks", **{"eu-central-1": "us-east-1"})
    assert "Costs" in stack("plan").out
    written("azure-aks", eastus="westeurope")
    assert "What it costs in westeurope is not known" in stack("plan").out
