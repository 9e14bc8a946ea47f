"""A unix socket at a path of any length, and who is at its other end."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

from stackwright.runtime.process import LINUX

MAX_LINE = 16 << 20  # an environment may be long; this is longer
_MAX_PATH = 100  # of a unix socket: 107 bytes on Linux, 103 on macOS


def listen_here(name: str) -> socket.socket:
    """Listen on a socket in the working folder (a relative path is always short enough), 0600 by the umask."""
    with suppress(FileNotFoundError):
        os.unlink(name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        listener.bind(name)
    finally:
        os.umask(old)
    listener.listen(256)
    listener.setblocking(False)
    return listener


def connect(path: str, timeout: float) -> socket.socket:
    """Connect without changing the working folder, which all threads share."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        if len(os.fsencode(path)) <= _MAX_PATH:
            connection.connect(path)
        elif LINUX:
            folder = os.open(os.path.dirname(path), os.O_PATH | os.O_CLOEXEC)
            try:
                connection.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
            finally:
                os.close(folder)
        else:
            _connect_by_link(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_by_link(connection: socket.socket, path: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="stack", dir="/tmp") as folder:  # TMPDIR is long on macOS
        os.symlink(os.path.dirname(path), f"{folder}/k")
        connection.connect(f"{folder}/k/{os.path.basename(path)}")


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end."""
    if LINUX:
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return int(uid)
    _, uid = struct.unpack("II", connection.getsockopt(0, 1, 8))  # SOL_LOCAL, LOCAL_PEERCRED: version, uid
    return int(uid)
