"""Asks a component once whether it answers as its recipe says: None, or what it did instead.

A program too: containers get this file and ask from inside. Hence the standard library alone.

    python asking.py SPEC            ask once (a health check)
    python asking.py SPEC SECONDS    ask until it answers; says now and then what is missing, at the end for sure
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

ReadySpec = dict[str, Any]  # docs/architecture.md: one of http, tcp, command; json; timeout

LIMIT = 5.0  # of one question
WORD = 5.0  # seconds after which a wait is told again
_PAUSE = 0.1
_BODY = 1 << 20


def same(actual: object, expected: object) -> bool:
    """Whether a JSON value is what a recipe expects: `"3"` and 3, `"true"` and true, 1 and 1.0 are the same."""
    if actual == expected and isinstance(actual, bool) == isinstance(expected, bool):
        return True
    return as_text(actual) == as_text(expected)


def as_text(value: object) -> str:
    """A JSON value as people write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def ask_http(url: str, fields: dict[str, Any], limit: float) -> str | None:
    """Whether a GET succeeds, with these fields in its JSON."""
    parts = urlsplit(url)
    # Not urllib.request: a proxy of the user's has no business between us and this machine.
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=limit)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        if answer.status >= 400:
            return f"answers with status {answer.status}"
        return _differing(answer.read(_BODY), fields) if fields else None
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer ({getattr(error, 'strerror', None) or str(error) or type(error).__name__})"
    finally:
        connection.close()


def _differing(body: bytes, fields: dict[str, Any]) -> str | None:
    try:
        document = json.loads(body)
    except ValueError:
        return "does not answer with JSON"
    for path, expected in fields.items():
        found: Any = document
        for step in path.split("."):
            if isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            elif isinstance(found, dict) and step in found:
                found = found[step]
            else:
                return f"answers without `{path}`"
        if not same(found, expected):
            return f"answers `{path}` = `{as_text(found)}`, not `{as_text(expected)}`"
    return None


def ask_tcp(address: str, limit: float) -> str | None:
    """Whether somebody takes a connection there."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=limit).close()
    except OSError as error:
        return f"does not answer ({error.strerror or error})"
    return None


def ask(spec: ReadySpec, limit: float) -> str | None:
    """Ask once."""
    if spec.get("http"):
        return ask_http(spec["http"], spec.get("json") or {}, limit)
    if spec.get("tcp"):
        return ask_tcp(spec["tcp"], limit)
    try:
        done = subprocess.run(
            spec["command"], stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {limit:.0f} s"
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    said = (done.stdout + done.stderr).decode(errors="replace").strip()[-300:]
    return f"exited with status {done.returncode}" + (f" ({said})" if said else "") if done.returncode else None


def main(spec: ReadySpec, seconds: float) -> int:
    """Ask until it answers, at least once; 0 when it did."""
    now = word = time.monotonic()
    until = now + seconds
    while problem := ask(spec, max(0.1, min(LIMIT, until - now) if seconds else LIMIT)):
        now = time.monotonic()
        if now >= until or now - word >= WORD:
            print(" ".join(problem.split()), flush=True)  # noqa: T201 (this is the answer)
            word = now
        if now >= until:
            return 1
        time.sleep(_PAUSE)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
