"""Presigned addresses of S3 objects (Signature Version 4): a step in any language needs HTTP and nothing else."""

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit


def presigned(method: str, key: str, env: dict[str, str], seconds: int = 900) -> str:
    """The address at which the object may be read (GET) or written (PUT), for a while, without credentials."""
    endpoint, region = env["AWS_ENDPOINT_URL"], env["AWS_DEFAULT_REGION"]
    now, host = datetime.now(UTC), urlsplit(endpoint).netloc
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{region}/s3/aws4_request"
    asked = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{env['AWS_ACCESS_KEY_ID']}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(asked.items()))
    path = quote(f"/{env['S3_BUCKET']}/{key}")
    request = "\n".join([method, path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
    signed = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    secret = f"AWS4{env['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (day, region, "s3", "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return f"{endpoint}{path}?{query}&X-Amz-Signature={hmac.digest(secret, signed.encode(), 'sha256').hex()}"
