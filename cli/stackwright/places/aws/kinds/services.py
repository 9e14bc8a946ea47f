"""What a service runs for a stack: endpoints, caches, brokers, Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stackwright.places.aws.kinds.kind import Kind, asked, by, ours
from stackwright.places.aws.session import Client, pages, wait


def _sagemaker(arn: str) -> Any:
    return lambda client, one: list(pages(client, "list_tags", "Tags", ResourceArn=one[arn]))


def _elasticache(client: Client, one: Any) -> Any:
    return client.list_tags_for_resource(ResourceName=one["ARN"])["TagList"]


def _remove_endpoint(client: Client, name: str) -> None:
    client.delete_endpoint(EndpointName=name)
    wait(client, "endpoint_deleted", EndpointName=name)


def _remove_cache(client: Client, name: str) -> None:
    client.delete_replication_group(ReplicationGroupId=name)
    wait(client, "replication_group_deleted", 15, 1800, ReplicationGroupId=name)


def _brokers(kafka: Client, stack: str) -> Iterator[str]:
    for one in pages(kafka, "list_clusters_v2", "ClusterInfoList"):
        if one.get("State") != "DELETING" and ours(stack, one.get("Tags")):
            yield one["ClusterArn"]


def _spark(emr: Client, stack: str) -> Iterator[str]:
    alive = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
    for one in pages(emr, "list_clusters", "Clusters", ClusterStates=alive):
        if ours(stack, emr.describe_cluster(ClusterId=one["Id"])["Cluster"].get("Tags")):
            yield one["Id"]


def _remove_spark(emr: Client, name: str) -> None:
    emr.set_termination_protection(JobFlowIds=[name], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=[name])
    wait(emr, "cluster_terminated", 15, 1800, ClusterId=name)


KINDS = (
    Kind(
        "model endpoint",
        "sagemaker",
        "sagemaker:endpoint",
        asked("list_endpoints", "Endpoints", "EndpointName", _sagemaker("EndpointArn")),
        _remove_endpoint,
    ),
    Kind(
        "endpoint configuration",
        "sagemaker",
        "sagemaker:endpoint-config",
        asked("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", _sagemaker("EndpointConfigArn")),
        by("delete_endpoint_config", "EndpointConfigName"),
    ),
    Kind(
        "model",
        "sagemaker",
        "sagemaker:model",
        asked("list_models", "Models", "ModelName", _sagemaker("ModelArn")),
        by("delete_model", "ModelName"),
    ),
    Kind(
        "cache",
        "elasticache",
        "elasticache:replicationgroup",
        asked("describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", _elasticache),
        _remove_cache,
    ),
    Kind(
        "cache subnet group",
        "elasticache",
        "elasticache:subnetgroup",
        asked("describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName", _elasticache),
        by("delete_cache_subnet_group", "CacheSubnetGroupName"),
    ),
    Kind("brokers", "kafka", "kafka:cluster", _brokers, by("delete_cluster", "ClusterArn")),
    Kind("Spark cluster", "emr", "elasticmapreduce:cluster", _spark, _remove_spark),
)
