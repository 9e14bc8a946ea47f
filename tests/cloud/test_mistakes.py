"""What would make `up` fail is said before anything is made: one mistake, one error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from awsemulator import REGION, Aws
from stackwright.errors import Diagnostic, StackError
from stackwright.model.cluster import Cluster, Gpu, Nodes
from stackwright.operations.cluster import look


def mistakes(cluster: Cluster) -> tuple[Diagnostic, ...]:
    """All that is said about it."""
    with pytest.raises(StackError) as told:
        look(cluster, "awstest-abc123")
    return told.value.diagnostics


def wanted(region: str = REGION, gpu: Gpu | None = None, nodes: Nodes | None = None) -> Cluster:
    """A cluster that can be had, but for what a test says."""
    return Cluster(provider="aws-eks", region=region, nodes=nodes or Nodes(), gpu=gpu or Gpu(type="nvidia-l4", max=2))


@pytest.fixture(autouse=True)
def nothing_was_made(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whatever is asked, the account is as empty as before."""
    yield
    assert aws.client("eks").list_clusters()["clusters"] == []
    assert [one for one in aws.client("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]] == []


def test_what_can_be_had(aws: Aws) -> None:
    """Account, zones, quota and price of a cluster with GPUs that could be made now."""
    seen = look(wanted(), "awstest-abc123")
    assert seen.plan.account == "123456789012"
    assert [pool.machine for pool in seen.plan.pools] == ["m7i.xlarge", "g6.xlarge"]
    assert seen.zones and all(zone.startswith(REGION) for zone in seen.zones)
    assert {"L-DB2E81BA", "L-1216C47A"} <= set(aws.quotas.asked)
    assert seen.plan.control_plane == 0.10 and [pool.price for pool in seen.plan.pools] == [0.2016, 0.8048]
    (told,) = [one.answer for one in seen.plan.answers if "L-DB2E81BA" in one.answer]
    assert "8 wanted" in told and "64 of 64" in told


def test_no_credentials(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is logged in: that is what is said, and how one logs in."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (one,) = mistakes(wanted())
    assert one.code == "P246"
    assert "aws configure" in one.hint


def test_wrong_region(aws: Aws) -> None:
    """A region that AWS does not have; the nearest is named."""
    (one,) = mistakes(wanted(region="us-eeast-1"))
    assert one.code == "P247"
    assert "`us-eeast-1`" in one.detail
    assert "us-east-1" in one.hint


def test_no_quota(aws: Aws) -> None:
    """New accounts may have no GPU at all: which quota, how much of it, and how much it would take."""
    aws.quotas.limits["L-DB2E81BA"] = 0.0
    (one,) = mistakes(wanted())
    assert one.code == "P249"
    assert "L-DB2E81BA" in one.detail and "8 wanted" in one.detail and "0 of 0" in one.detail


def test_quota_that_is_in_use(aws: Aws) -> None:
    """What runs already counts."""
    ec2 = aws.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="g5.4xlarge", MinCount=1, MaxCount=1)["Instances"]
    running = made[0].get("CpuOptions", {})
    cores = running.get("CoreCount", 0) * running.get("ThreadsPerCore", 0)
    aws.quotas.limits["L-DB2E81BA"] = 8.0
    if cores:
        (one,) = mistakes(wanted())
        assert one.code == "P249"


def test_machine_that_is_not_offered_there(aws: Aws) -> None:
    """A machine that no zone of the region has."""
    aws.quotas.limits["L-417A185B"] = 64.0
    (one,) = mistakes(wanted(region="eu-north-1", gpu=Gpu(type="p3.2xlarge", max=1)))
    assert one.code == "P248"
    assert "`p3.2xlarge`" in one.detail and "eu-north-1" in one.detail


def test_sdk_that_is_not_installed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK is an extra: without it, what to install is said."""
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "botocore", None)
        (one,) = mistakes(wanted())
    assert one.code == "P251"
    assert "stackwright[aws]" in one.hint
