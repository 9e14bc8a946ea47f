"""Close a port, and cut its live connections, under a server that goes on running; Linux only.

The server's own sockets are borrowed (pidfd_getfd) and shut down: what a failing network would do, without a network.
It needs the right to trace the server: root's, or a machine that lets users trace their own processes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
from contextlib import closing, suppress
from pathlib import Path

PIDFD_GETFD = 438  # on every architecture
LISTENING, CONNECTED = "0A", "01"
GONE = (errno.ESRCH, errno.ENOENT, errno.EBADF)  # the process, or this one of its sockets, after we had seen it


def cut(port: int) -> int:
    """Shut every socket that listens on this port or was accepted from it; how many. PermissionError if we may not."""
    wanted = {inode for inode, state in _inodes(port).items() if state in (LISTENING, CONNECTED)}
    held = [(pid, fd) for pid, fd, inode in _sockets() if inode in wanted]
    for pid, fd in held:
        try:
            taken = _borrow(pid, fd)
        except OSError as error:
            if error.errno not in GONE:
                raise
            continue
        with closing(taken), suppress(OSError):  # shared with a child, and shut through it already
            taken.shutdown(socket.SHUT_RDWR)
    return len(held)


def _borrow(pid: int, fd: int) -> socket.socket:
    handle = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        taken = libc.syscall(PIDFD_GETFD, handle, fd, 0)
        if taken < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return socket.socket(fileno=taken)
    finally:
        os.close(handle)


def _inodes(port: int) -> dict[str, str]:
    """The sockets whose own end is this port, with their state."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                found[fields[9]] = fields[3]
    return found


def _sockets() -> list[tuple[int, int, str]]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for entry in (process / "fd").iterdir():
                with suppress(OSError):
                    if link := re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink())):
                        found.append((int(process.name), int(entry.name), link[1]))
    return found
