"""Probe: put, get and delete one small object with these keys. Signed by hand: a client's import costs more.

Shares: a bucket, with the keys as they are: the S3 API makes no users.
"""

import datetime
import hashlib
import hmac
import os
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from contextlib import contextmanager, suppress

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def probe(fields: dict) -> str:
    """Put, get and delete an object."""
    key, body = f"stack-probe-{os.getpid()}-{os.urandom(4).hex()}", os.urandom(16)
    _request(fields, "PUT", key, body)
    try:
        back = _request(fields, "GET", key)
    finally:
        _request(fields, "DELETE", key)
    if back != body:
        raise RuntimeError("an object came back changed")
    return f"put, got and deleted an object in `{fields['bucket']}`"


def _request(fields: dict, method: str, key: str, body: bytes = b"") -> bytes:
    url = urllib.parse.urlsplit(f"{fields['url']}/{fields['bucket']}/{key}")
    headers = _signed(fields, method, url.netloc, url.path, hashlib.sha256(body).hexdigest())
    # Else urllib says that it is a form, and a server may read it as one.
    headers["Content-Type"] = "application/octet-stream"
    sent = urllib.request.Request(url.geturl(), body if method == "PUT" else None, headers, method=method)
    try:
        with _OPENER.open(sent, timeout=5) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} answered {error.code} {_code(error.read())}".rstrip()) from None


def _code(answer: bytes) -> str:
    try:
        return ET.fromstring(answer).findtext("Code") or ""
    except ET.ParseError:
        return ""


def _signed(fields: dict, method: str, host: str, path: str, digest: str) -> dict[str, str]:
    """The headers of AWS signature version 4 for a request without a query."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{urllib.parse.quote(path)}\n\n{lines}\n{names}\n{digest}"
    scope = f"{now[:8]}/{fields['region']}/s3/aws4_request"
    secret = ("AWS4" + fields["secret_key"]).encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(secret, text.encode(), "sha256").hexdigest()
    credential = f"{fields['access_key']}/{scope}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return headers


def grant(fields: dict, name: str, secret: str) -> None:
    """A bucket of that name. The keys need the right to create buckets."""
    with _client(fields) as s3, suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **_place(fields))


def revoke(fields: dict, name: str) -> None:
    """The bucket with all that is in it: objects, their older versions, uploads that were never finished."""
    with _client(fields) as s3, suppress(s3.exceptions.NoSuchBucket):
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
            for upload in page.get("Uploads", ()):
                s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                s3.delete_object(Bucket=name, Key=found["Key"], VersionId=found["VersionId"])
        s3.delete_bucket(Bucket=name)


@contextmanager
def _client(fields: dict):
    import boto3  # half a second, which probes do without
    from botocore.config import Config

    client = boto3.client(
        "s3", endpoint_url=fields["url"], region_name=fields["region"], aws_access_key_id=fields["access_key"],
        aws_secret_access_key=fields["secret_key"],
        config=Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2}, proxies={}),
    )  # fmt: skip
    try:
        yield client
    finally:
        client.close()


def _place(fields: dict) -> dict:
    """Where a bucket lies: AWS wants to be told, except of the region that is its default."""
    region = fields["region"]
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
