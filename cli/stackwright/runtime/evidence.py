"""What shows that a process, a socket or a piece of shared memory belongs to a stack.

The watermark is only ever put on what we start. The environment mark and paths are weaker: a person may work with the
stack's variables or look into its folders. So these only count for a process that was born after the workspace and
has no terminal, nor has anything below it (a terminal's server); and of paths only what runs from there, works there,
or holds a file open for writing there.
"""

from __future__ import annotations

import calendar
import os
import time
from functools import cache
from typing import Any, NamedTuple

from stackwright.runtime.process import LINUX, Identity, Proc


class Segment(NamedTuple):
    """A piece of SysV shared memory."""

    number: int
    creator: int  # pid
    attached: int
    created: float


def born(created: str) -> float:
    """When a stack was made, in seconds since the epoch; `created` as in stack.json."""
    try:
        return float(calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return time.time()  # unknown: then no path counts


def trace(proc: Proc, stack_id: str, roots: tuple[str, ...], born: float) -> str:
    """What but its watermark ties this process to the stack, or an empty text."""
    if proc.tty or began(proc.identity) < born - 1:
        return ""
    if f"STACK_ID={stack_id}".encode() in _environment(proc.pid):
        return "has the stack's id in its environment"
    for what, text in (("exe", "runs a program of the stack"), ("cwd", "works in the stack's folder")):
        where = _link(f"/proc/{proc.pid}/{what}") if LINUX else str(_psutil(proc.pid, what, ""))
        if _inside(where, roots):
            return text
    written = _written_files(proc.pid) if LINUX else [file.path for file in _psutil(proc.pid, "open_files", [])]
    return "writes to a file of the stack" if any(_inside(file, roots) for file in written) else ""


def began(who: Identity) -> float:
    """When a process started, in seconds since the epoch."""
    return _boot_time() + who.start / os.sysconf("SC_CLK_TCK") if LINUX else who.start / 1e6


@cache
def _boot_time() -> float:
    with open("/proc/stat") as file:
        return next(float(line.split()[1]) for line in file if line.startswith("btime"))


def _environment(pid: int) -> list[bytes]:
    if not LINUX:
        return [f"{name}={value}".encode() for name, value in _psutil(pid, "environ", {}).items()]
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []  # another user's, or gone


def _written_files(pid: int) -> list[str]:
    found = []
    for number, path in descriptors(pid).items():
        if path.startswith("/"):
            try:
                with open(f"/proc/{pid}/fdinfo/{number}") as file:
                    flags = next((int(line.split()[1], 8) for line in file if line.startswith("flags:")), 0)
            except (OSError, ValueError):
                continue
            if flags & os.O_ACCMODE != os.O_RDONLY:
                found.append(path)
    return found


def descriptors(pid: int) -> dict[str, str]:
    """What each open descriptor of a process leads to: a path, `socket:[inode]` … (Linux only)."""
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return {}
    return {number: _link(f"/proc/{pid}/fd/{number}") for number in numbers}


def _link(path: str) -> str:
    try:
        return os.readlink(path).removesuffix(" (deleted)")
    except OSError:
        return ""


def _inside(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _psutil(pid: int, what: str, otherwise: Any) -> Any:
    import psutil

    try:
        return getattr(psutil.Process(pid), what)()
    except (psutil.Error, OSError):
        return otherwise


def tcp_listeners() -> list[tuple[str, int, int]]:
    """The machine's listening TCP sockets: inode, port, user (Linux only)."""
    rows = (fields for table in ("tcp", "tcp6") for fields in _table(f"/proc/net/{table}"))
    return [(f[9], int(f[1].rpartition(":")[2], 16), int(f[7])) for f in rows if f[3] == "0A"]


def listening() -> dict[str, str]:
    """The machine's listening sockets: inode -> `127.0.0.1:20001` or a path (Linux only)."""
    found = {inode: f"port {port}" for inode, port, _ in tcp_listeners()}
    for fields in _table("/proc/net/unix"):
        if fields[3] == "00010000":
            found[fields[6]] = " ".join(fields[7:]) or "a socket without a name"
    return found


def segments() -> list[Segment]:
    """The machine's SysV shared memory (Linux only)."""
    return [Segment(int(f[1]), int(f[4]), int(f[6]), float(f[13])) for f in _table("/proc/sysvipc/shm")]


def _table(path: str) -> list[list[str]]:
    try:
        with open(path, errors="replace") as file:
            return [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []
