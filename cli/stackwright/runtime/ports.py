"""Which ports somebody else is listening on, or has been promised."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Iterable

from stackwright.runtime.workspace import Workspace


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


def promised(ws: Workspace) -> set[int]:
    """The ports that the user's other stacks have, whether anybody listens there already or not."""
    found: set[int] = set()
    for other in Workspace.all():
        if other.id != ws.id:
            try:
                found.update(json.loads(other.ports_file.read_bytes()).values())
            except (OSError, ValueError, AttributeError, TypeError):
                continue  # it has none yet, or has lost them
    return found
