"""The verbs of every tool that is an S3 server, spoken with the client of its API."""

import hashlib
from functools import cache

import boto3
from botocore.config import Config


def put(ctx, key, data_file):
    """Store a file under that key."""
    bucket, client = _bucket(ctx)
    client.upload_file(data_file, bucket, key)


def get(ctx, key):
    """The object of that key, as a file."""
    bucket, client = _bucket(ctx)
    file = ctx.dir / hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:16]
    client.download_file(bucket, key, str(file))
    return {"file": str(file)}


def list(ctx, prefix=""):
    """The keys that begin with the prefix."""
    bucket, client = _bucket(ctx)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {"keys": [found["Key"] for page in pages for found in page.get("Contents", [])]}


def _bucket(ctx):
    fields = ctx.endpoints["s3"]
    return fields["bucket"], _client(fields["url"], fields["access_key"], fields["secret_key"], fields["region"])


@cache
def _client(url, access_key, secret_key, region):
    # Only what the API has always had: not every server knows the newer checksums.
    config = Config(
        retries={"max_attempts": 2}, connect_timeout=5, read_timeout=30, proxies={},
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip
    return boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        region_name=region, config=config,
    )  # fmt: skip
