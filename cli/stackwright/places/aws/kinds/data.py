"""Databases, buckets, registries, file systems and logs: what keeps something."""

from __future__ import annotations

from collections.abc import Iterator

from stackwright.places.aws.kinds.kind import Kind, asked, by, ours, telling
from stackwright.places.aws.session import Client, absent, code_of, pages, wait


def _remove_database(rds: Client, name: str) -> None:
    """Without a last snapshot, which would be left; data that is to stay is kept by `--keep-data`."""
    found = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    if found.get("DeletionProtection"):
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)
    wait(rds, "db_instance_deleted", 15, 1800, DBInstanceIdentifier=name)


def _buckets(s3: Client, stack: str) -> Iterator[str]:
    from botocore.exceptions import ClientError

    for one in s3.list_buckets()["Buckets"]:
        try:
            tags = s3.get_bucket_tagging(Bucket=one["Name"])["TagSet"]
        except ClientError as error:
            # No tags; gone meanwhile; or somebody else's, who lets us see no more than that it is there.
            if code_of(error) in ("NoSuchTagSet", "AccessDenied", "AllAccessDisabled") or absent(error):
                continue
            raise
        if ours(stack, tags):
            yield one["Name"]


def _remove_bucket(s3: Client, name: str) -> None:
    """With all versions of all that is in it, and what was half uploaded."""
    for one in pages(s3, "list_multipart_uploads", "Uploads", Bucket=name):
        s3.abort_multipart_upload(Bucket=name, Key=one["Key"], UploadId=one["UploadId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if found:
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def _remove_file_system(efs: Client, name: str) -> None:
    for one in pages(efs, "describe_mount_targets", "MountTargets", FileSystemId=name):
        efs.delete_mount_target(MountTargetId=one["MountTargetId"])
    efs.delete_file_system(FileSystemId=name)


def _tables(dynamodb: Client, stack: str) -> Iterator[str]:
    for name in pages(dynamodb, "list_tables", "TableNames"):
        arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
        if ours(stack, list(pages(dynamodb, "list_tags_of_resource", "Tags", ResourceArn=arn))):
            yield name


def _logs(logs: Client, stack: str) -> Iterator[str]:
    """Those that a service named after the stack without our tag, and ours; the tagging API has the others' names."""
    for one in pages(logs, "describe_log_groups", "logGroups"):
        name = one["logGroupName"]
        if f"/{stack}/" in f"{name}/" or ours(stack, logs.list_tags_log_group(logGroupName=name)["tags"]):
            yield name


KINDS = (
    Kind(
        "database",
        "rds",
        "rds:db",
        telling("describe_db_instances", "DBInstances", "DBInstanceIdentifier", "TagList"),
        _remove_database,
    ),
    Kind(
        "database snapshot",
        "rds",
        "rds:snapshot",
        telling("describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier", "TagList"),
        by("delete_db_snapshot", "DBSnapshotIdentifier"),
    ),
    Kind(
        "database subnet group",
        "rds",
        "rds:subgrp",
        asked(
            "describe_db_subnet_groups",
            "DBSubnetGroups",
            "DBSubnetGroupName",
            lambda rds, one: rds.list_tags_for_resource(ResourceName=one["DBSubnetGroupArn"])["TagList"],
        ),
        by("delete_db_subnet_group", "DBSubnetGroupName"),
    ),
    Kind(
        "database parameter group",
        "rds",
        "rds:pg",
        asked(
            "describe_db_parameter_groups",
            "DBParameterGroups",
            "DBParameterGroupName",
            lambda rds, one: rds.list_tags_for_resource(ResourceName=one["DBParameterGroupArn"])["TagList"],
        ),
        by("delete_db_parameter_group", "DBParameterGroupName"),
    ),
    Kind(
        "repository",
        "ecr",
        "ecr:repository",
        asked(
            "describe_repositories",
            "repositories",
            "repositoryName",
            lambda ecr, one: ecr.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"],
        ),
        by("delete_repository", "repositoryName", force=True),
    ),
    Kind(
        "file system",
        "efs",
        "elasticfilesystem:file-system",
        telling("describe_file_systems", "FileSystems", "FileSystemId", "Tags"),
        _remove_file_system,
    ),
    Kind("table", "dynamodb", "dynamodb:table", _tables, by("delete_table", "TableName")),
    Kind("bucket", "s3", "s3:", _buckets, _remove_bucket, everywhere=True),
    Kind("log group", "logs", "logs:log-group", _logs, by("delete_log_group", "logGroupName")),
)
