"""Servers that are none of a stack's: what may answer on a port that a wire was told by mistake."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def strangers() -> Iterator[dict[str, int]]:
    """Servers that are none of ours, by what they do."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>It works!"
    kinds = {
        "a web server": page,
        "a web server without the page": page.replace(b"200 OK", b"404 Not Found"),
        "noise": bytes(range(256)) * 8,
        "one that hangs up": b"",
        "one that is silent": None,
    }
    with ExitStack() as servers:
        ports = {}
        for kind, answer in kinds.items():
            listener = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
            ports[kind] = listener.getsockname()[1]
        yield {**ports, "nobody": closed_port()}


def serve(listener: socket.socket, answer: bytes | None) -> None:
    kept = []  # what is silent must not hang up
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            kept.append(connection)
            if answer is None:
                continue
            if answer.startswith(b"HTTP"):
                connection.settimeout(3)
                with suppress(OSError):
                    connection.recv(65536)
            with suppress(OSError):
                connection.sendall(answer)
            connection.close()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
