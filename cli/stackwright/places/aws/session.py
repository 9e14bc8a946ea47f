"""The SDK, with the user's own credentials; what AWS refuses, and its silence, become the errors of `cloud`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from stackwright.places.cloud import CloudError, NoCredentialsError, NoProgramError

Client = Any  # botocore makes its clients when it runs, so they have no types

HOME = "us-east-1"  # where services answer that have no region
_LOGIN = "log in, or name a profile that you have\n    aws configure sso\n    export AWS_PROFILE=NAME"
_LOST = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
    "SSOError",
    "TokenRetrievalError",
)
_DENIED = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_ABSENT = ("NotFound", "NoSuch", "DoesNotExist", "NotExist", "404")


def client(service: str, region: str) -> Client:
    """A client that asks again when AWS is busy; another one where the user's variables have changed."""
    chosen = tuple(sorted(pair for pair in os.environ.items() if pair[0].startswith("AWS_")))
    with asking():
        return _client(service, region, chosen)


@cache
def _client(service: str, region: str, _chosen: tuple[tuple[str, str], ...]) -> Client:
    import boto3
    from botocore.config import Config

    patient = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=10, read_timeout=60)
    return boto3.session.Session(region_name=region).client(service, config=patient)


@contextmanager
def asking() -> Iterator[None]:
    """AWS's errors leave as ours."""
    try:
        from botocore import exceptions
    except ImportError:
        hint = "it comes with the extra `aws`\n    pip install 'stackwright[aws]'"
        raise NoProgramError("the AWS SDK for Python is not installed", hint) from None
    lost = [getattr(exceptions, name) for name in _LOST]
    try:
        yield
    except tuple(lost) as error:
        raise NoCredentialsError(str(error).rstrip("."), _LOGIN) from None
    except exceptions.ClientError as error:
        said = f"{code_of(error)}: {error.response['Error'].get('Message', '')}".rstrip(".: ")
        if code_of(error) in _DENIED:
            raise NoCredentialsError(said, _LOGIN) from None
        raise CloudError(said) from error
    except exceptions.BotoCoreError as error:
        raise CloudError(str(error).rstrip(".")) from error


def code_of(error: Exception) -> str:
    """AWS's own word for what went wrong."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def absent(error: BaseException | None) -> bool:
    """Whether it says that the thing is not there."""
    return isinstance(error, Exception) and any(word in code_of(error) for word in _ABSENT)


def pages(client: Client, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Every item that a listing has, however many pages it comes in."""
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page.get(key) or ()
    else:
        yield from getattr(client, operation)(**arguments).get(key) or ()


def wait(client: Client, waiter: str, every: int = 5, longest: int = 900, **arguments: Any) -> None:
    """Until the waiter's condition holds."""
    client.get_waiter(waiter).wait(WaiterConfig={"Delay": every, "MaxAttempts": longest // every}, **arguments)
