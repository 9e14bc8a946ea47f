"""A command inside a container of a pod, run to its end; what must be nobody else's to read goes by standard input."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from enum import IntEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from stackwright.places.kubernetes.cluster import ApiError, Cluster, SilenceError
from stackwright.places.kubernetes.namespace import path
from stackwright.runtime.cancel import check

_NEVER = threading.Event()
_PIECE = 1 << 16
_LOOK = 0.25  # seconds


class At(NamedTuple):
    """A container that runs."""

    namespace: str
    pod: str
    container: str


def execute(
    cluster: Cluster,
    at: At,
    command: Sequence[str],
    cancel: threading.Event,
    *,
    given: bytes = b"",
    out: Callable[[bytes], None] = lambda _: None,
    errors: Callable[[bytes], None] | None = None,
) -> int | None:
    """Run a command and pass on what it says, piece by piece; None where the container ended before it.

    A command that reads must know how much: this API has no word for the end of its input.
    """
    heard = {Channel.OUT: out, Channel.ERRORS: errors or out}
    with closing(Running(cluster, at, command, bool(given))) as running:
        running.send(given, cancel)
        while not running.over:
            check(cancel)
            if piece := running.receive(_LOOK):
                heard[piece[0]](piece[1])
        return running.status


class Channel(IntEnum):
    """The API's own numbers."""

    IN, OUT, ERRORS, END = range(4)


class Running:
    """A command under way."""

    def __init__(self, cluster: Cluster, at: At, command: Sequence[str], reads: bool) -> None:
        self._stream = _dial(cluster, at, command, reads)
        self._looking = select.poll()
        self._looking.register(self._stream.sock, select.POLLIN)
        self._end = b""
        self.over = False

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs, and where its container ended before it."""
        return _status(self._end)

    def send(self, data: bytes, cancel: threading.Event | None = None) -> None:
        """To its standard input."""
        for start in range(0, len(data), _PIECE):
            check(cancel or _NEVER)
            _send(self._stream, bytes([Channel.IN]) + data[start : start + _PIECE])

    def receive(self, seconds: float) -> tuple[Channel, bytes] | None:
        """What it says next, and where; None for a silence of so many seconds, and at its end."""
        from websocket import ABNF, WebSocketException

        pending = getattr(self._stream.sock, "pending", lambda: 0)()  # TLS may have read more than was asked for
        if not (pending or self._looking.poll(seconds * 1000)):
            return None
        try:
            kind, frame = self._stream.recv_data_frame(True)
        except (WebSocketException, OSError):
            kind, frame = ABNF.OPCODE_CLOSE, None
        if kind == ABNF.OPCODE_CLOSE:
            self.over = True
        elif kind in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and len(frame.data) > 1:
            channel, data = frame.data[0], bytes(frame.data[1:])
            if channel in (Channel.OUT, Channel.ERRORS):
                return Channel(channel), data
            self._end += data
        return None

    def close(self) -> None:
        """Hang up: what reads sees the end of its input."""
        self._stream.close()


def _dial(cluster: Cluster, at: At, command: Sequence[str], reads: bool) -> Any:
    from kubernetes.stream import ws_client
    from websocket import WebSocketBadStatusException, WebSocketException

    wanted = [("container", at.container), ("stdin", str(reads).lower()), ("stdout", "true"), ("stderr", "true")]
    query = urlencode([*(("command", word) for word in command), *wanted])
    url = ws_client.get_websocket_url(f"{cluster.host}{path(at.namespace, 'pods', at.pod)}/exec?{query}")
    headers: dict[str, str] = {}
    cluster.client.update_params_for_auth(headers, [], ["BearerToken"])
    try:
        return ws_client.create_websocket(cluster.client.configuration, url, headers)
    except WebSocketBadStatusException as error:
        said = error.resp_body.decode(errors="replace") if error.resp_body else str(error)
        raise ApiError(error.status_code, _message(said)) from error
    except (WebSocketException, OSError) as error:
        raise SilenceError(str(error)) from error


def _send(stream: Any, data: bytes) -> None:
    from websocket import WebSocketException

    try:
        stream.send_binary(data)
    except (WebSocketException, OSError) as error:
        raise SilenceError(str(error)) from error


def _status(end: bytes) -> int | None:
    """The exit status out of the API's last word."""
    try:
        told = json.loads(end)
        if told["status"] == "Success":
            return 0
        causes = told.get("details", {}).get("causes") or ()
        return next((int(cause["message"]) for cause in causes if cause.get("reason") == "ExitCode"), None)
    except (ValueError, KeyError):
        return None


def _message(said: str) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said.strip()
