"""Clusters, machines, what is in front of them and what they have mounted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stackwright.places.aws.kinds.kind import Kind, asked, by, ours, telling
from stackwright.places.aws.kinds.network import ec2
from stackwright.places.aws.session import Client, pages, wait


def _clusters(eks: Client, stack: str) -> Iterator[str]:
    for name in pages(eks, "list_clusters", "clusters"):
        if ours(stack, eks.describe_cluster(name=name)["cluster"].get("tags")):
            yield name


def _nodegroups(eks: Client, stack: str) -> Iterator[str]:
    """All of a cluster of ours, and ours in somebody else's."""
    for cluster in pages(eks, "list_clusters", "clusters"):
        whole = ours(stack, eks.describe_cluster(name=cluster)["cluster"].get("tags"))
        for name in pages(eks, "list_nodegroups", "nodegroups", clusterName=cluster):
            found = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            if whole or ours(stack, found.get("tags")):
                yield f"{cluster}/{name}"


def _remove_nodegroup(eks: Client, name: str) -> None:
    which = dict(zip(("clusterName", "nodegroupName"), name.split("/"), strict=True))
    eks.delete_nodegroup(**which)
    wait(eks, "nodegroup_deleted", 10, 1800, **which)


def _remove_cluster(eks: Client, name: str) -> None:
    eks.delete_cluster(name=name)
    wait(eks, "cluster_deleted", 10, 1800, name=name)


def _instances(client: Client, stack: str) -> Iterator[str]:
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    for reservation in pages(client, "describe_instances", "Reservations", Filters=alive):
        for one in reservation["Instances"]:
            if ours(stack, one.get("Tags")):
                yield one["InstanceId"]


def _remove_instance(client: Client, name: str) -> None:
    client.terminate_instances(InstanceIds=[name])
    wait(client, "instance_terminated", InstanceIds=[name])


def _snapshots(client: Client, stack: str) -> Iterator[str]:
    for one in pages(client, "describe_snapshots", "Snapshots", OwnerIds=["self"]):
        if ours(stack, one.get("Tags")):
            yield one["SnapshotId"]


def _remove_balancer(client: Client, name: str) -> None:
    client.delete_load_balancer(LoadBalancerArn=name)
    wait(client, "load_balancers_deleted", LoadBalancerArns=[name])


def _tags_by_arn(key: str) -> Any:
    return lambda client, one: client.describe_tags(ResourceArns=[one[key]])["TagDescriptions"][0]["Tags"]


def _tags_by_name(client: Client, one: Any) -> Any:
    return client.describe_tags(LoadBalancerNames=[one["LoadBalancerName"]])["TagDescriptions"][0]["Tags"]


KINDS = (
    Kind(
        "load balancer",
        "elbv2",
        "elasticloadbalancing:loadbalancer",
        asked("describe_load_balancers", "LoadBalancers", "LoadBalancerArn", _tags_by_arn("LoadBalancerArn")),
        _remove_balancer,
    ),
    Kind(
        "target group",
        "elbv2",
        "elasticloadbalancing:targetgroup",
        asked("describe_target_groups", "TargetGroups", "TargetGroupArn", _tags_by_arn("TargetGroupArn")),
        by("delete_target_group", "TargetGroupArn"),
    ),
    Kind(
        "classic load balancer",
        "elb",
        "elasticloadbalancing:loadbalancer",
        asked("describe_load_balancers", "LoadBalancerDescriptions", "LoadBalancerName", _tags_by_name),
        by("delete_load_balancer", "LoadBalancerName"),
    ),
    Kind("node group", "eks", "eks:nodegroup", _nodegroups, _remove_nodegroup),
    Kind("cluster", "eks", "eks:cluster", _clusters, _remove_cluster),
    Kind(
        "autoscaling group",
        "autoscaling",
        "autoscaling:autoScalingGroup",
        telling("describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName", "Tags"),
        by("delete_auto_scaling_group", "AutoScalingGroupName", ForceDelete=True),
    ),
    Kind("instance", "ec2", "ec2:instance", _instances, _remove_instance),
    ec2(
        "launch template",
        "describe_launch_templates",
        "LaunchTemplates",
        "LaunchTemplateId",
        by("delete_launch_template", "LaunchTemplateId"),
    ),
    ec2("volume", "describe_volumes", "Volumes", "VolumeId", by("delete_volume", "VolumeId"), gone=("deleting",)),
    Kind("snapshot", "ec2", "ec2:snapshot", _snapshots, by("delete_snapshot", "SnapshotId")),
)
