"""Which ports somebody else is listening on."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable


def listening(port: int) -> bool:
    """Whether anybody listens on 127.0.0.1:port (or on every address)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without this, connections that are only waiting to be forgotten would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno in (errno.EADDRINUSE, errno.EACCES)
    return False


def taken(ports: Iterable[int]) -> set[int]:
    """Those of `ports` that somebody listens on."""
    return {port for port in ports if listening(port)}
