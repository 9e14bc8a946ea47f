"""The EKS cluster with GPUs: the product's own module, unchanged, with HashiCorp's provider."""

from __future__ import annotations

import json
from collections.abc import Callable

from awsemulator import REGION, Aws, engine_of
from stackwright.operations import clouds
from stackwright.places.aws import Aws as Cloud
from stackwright.runtime.workspace import Workspace


def quiet(_event: object) -> None:
    """Nobody watches."""


def test_it_is_made_settles_and_goes(aws: Aws, made: Callable[..., Workspace]) -> None:
    """Applied; planned again without a change; pools, taint and labels as asked; destroyed with nothing to sweep."""
    workspace = made()
    engine, cloud = engine_of(workspace.root), Cloud()
    engine.init()
    assert len(engine.apply()) > 30
    assert engine.plan() == []

    gpu = aws.client("eks").describe_nodegroup(clusterName=workspace.id, nodegroupName="gpu")["nodegroup"]
    assert gpu["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert gpu["labels"] == {"stackwright.pool": "gpu", "stackwright.accelerator": "nvidia-l4"}
    assert (gpu["scalingConfig"]["minSize"], gpu["scalingConfig"]["maxSize"]) == (0, 2)
    assert gpu["instanceTypes"] == ["g6.xlarge"] and gpu["amiType"] == "AL2023_x86_64_NVIDIA"
    zones = {one["AvailabilityZone"] for one in aws.client("ec2").describe_subnets(SubnetIds=gpu["subnets"])["Subnets"]}
    assert zones == {f"{REGION}b"}  # that has the machines

    told = engine.outputs()
    config = json.loads(told["kubeconfig"])
    assert config["users"][0]["user"]["exec"]["args"][:2] == ["eks", "get-token"]
    assert {chart["name"] for chart in told["charts"]} == {"cluster-autoscaler", "gpu-operator"}

    found = {thing.kind for thing in cloud.things(workspace.id, REGION)}
    assert {"cluster", "node group", "role", "OIDC provider", "launch template", "elastic ip", "natgateway"} <= found
    assert {"vpc", "subnet", "route table", "internet gateway", "log group", "key"} <= found

    gone = clouds.take_down(engine, cloud, workspace.id, REGION, quiet)
    assert len(gone.destroyed) > 30
    assert (gone.left, gone.notes) == ((), ())
    assert [one.kind for one in gone.swept] == []


def test_everything_has_the_tag(aws: Aws, made: Callable[..., Workspace]) -> None:
    """Whatever of it can have tags has ours: where Terraform's state is lost, the sweep alone takes all of it away."""
    workspace = made("swept")
    engine, cloud = engine_of(workspace.root), Cloud()
    engine.init()
    changes = engine.apply()
    gone = clouds.take_down(None, cloud, workspace.id, REGION, quiet)
    assert gone.left == ()
    assert len(gone.swept) > 20
    ec2, iam = aws.client("ec2"), aws.client("iam")
    assert aws.client("eks").list_clusters()["clusters"] == []
    assert [one for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert [one["RoleName"] for one in iam.list_roles()["Roles"]] == []
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert changes
