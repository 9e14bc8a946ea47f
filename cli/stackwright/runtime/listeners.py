"""Who listens on a port: an open port proves nothing until it is known to be ours."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stackwright.runtime import evidence, ports, process

_INODE = re.compile(r"socket:\[(\d+)\]")


class Listener(NamedTuple):
    """One process that listens on a port; `pid` is None where we may not look into it."""

    port: int
    pid: int | None
    what: str  # for people: "`nginx` (pid 4711)"


class Family:
    """Some processes and everything they started, and what they listen on; as it is when this is made."""

    def __init__(self, roots: Iterable[int] = ()) -> None:
        self.pids = {pid for root in roots for pid in (root, *(proc.pid for proc in process.descendants(root)))}
        self._inodes: set[str] = set()
        self._blind: set[int] = set()  # users of members that we may not look into
        if process.LINUX:
            for pid in self.pids:
                self._look(pid)

    def _look(self, pid: int) -> None:
        try:
            self._inodes |= _sockets(pid)
        except PermissionError:
            # Root without CAP_SYS_PTRACE, as in a container, may not see what `nobody` has open.
            with suppress(OSError):
                self._blind.add(Path(f"/proc/{pid}").stat().st_uid)

    def listens(self, port: int) -> bool:
        """Whether a member listens on the port."""
        if not process.LINUX:
            return any(_listens(pid, port) for pid in self.pids)
        return any(self._has(inode, user) for inode, user in _listening(port).items())

    def other(self, port: int) -> Listener | None:
        """Somebody else who listens on the port, named as well as we can; also where a member does, too."""
        if not process.LINUX:
            return _other(port, self.pids)
        foreign = {inode: user for inode, user in _listening(port).items() if not self._has(inode, user)}
        if not foreign:
            return None
        for pid in process.snapshot():
            with suppress(OSError):
                if not foreign.keys().isdisjoint(_sockets(pid)):
                    return Listener(port, pid, _named(pid))
        user = next(iter(foreign.values()))
        with suppress(KeyError):
            return Listener(port, None, f"a process of the user `{pwd.getpwuid(user).pw_name}`")
        return Listener(port, None, f"a process of the user {user}")

    def _has(self, inode: str, user: int) -> bool:
        return inode in self._inodes or user in self._blind


def _listening(port: int) -> dict[str, int]:
    """The sockets that listen on the port at any address of this machine, with the user each belongs to."""
    return {inode: user for inode, at, user in evidence.tcp_listeners() if at == port}


def _sockets(pid: int) -> set[str]:
    inodes: set[str] = set()
    try:
        entries = list(os.scandir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError):
        return inodes
    for entry in entries:
        with suppress(FileNotFoundError):
            link = _INODE.fullmatch(os.readlink(entry.path))  # noqa: PTH115 (thousands of descriptors)
            if link:
                inodes.add(link[1])
    return inodes


def _named(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    # The program alone: its arguments may hold what is not ours to show.
    program = words[0].decode(errors="replace").split(" ")[0] if words and words[0] else ""
    return f"`{Path(program).name or 'a process'}` (pid {pid})"


# macOS, which has no /proc


def _listens(pid: int, port: int) -> bool:
    import psutil

    try:
        connections = psutil.Process(pid).net_connections()
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port for c in connections)


def _other(port: int, family: set[int]) -> Listener | None:
    import psutil

    for pid in psutil.pids():
        if pid not in family and _listens(pid, port):
            return Listener(port, pid, f"a process (pid {pid})")
    if ports.listening(port) and not any(_listens(pid, port) for pid in family):
        return Listener(port, None, "a process of another user")
    return None
