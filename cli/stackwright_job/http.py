"""JSON over HTTP with basic authentication, never through a proxy: the stack's servers are near."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class HttpError(Exception):
    """A server answered with an error status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


def call(
    method: str,
    url: str,
    body: Any = None,
    *,
    user: tuple[str, str] | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> Any:
    """The server's answer: parsed where it is JSON, else text. HttpError for a status of 400 and more, else OSError."""
    sent = {"Accept": "application/json"} | (headers or {})
    data = None
    if body is not None:
        data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    if user:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 (http by construction)
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        raise HttpError(error.code, error.read(2000).decode(errors="replace").strip()) from None
    except urllib.error.URLError as error:  # its reason is the plain error: nobody listens, no such host
        raise (error.reason if isinstance(error.reason, OSError) else ConnectionError(error.reason)) from None
    try:
        return json.loads(text)
    except ValueError:
        return text
