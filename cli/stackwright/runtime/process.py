"""Processes of this machine: who they are, what there is, and signals that cannot hit the wrong one.

Linux reads /proc. macOS asks psutil and has no watermark, no subreaper and no pidfd: there a daemon that forks twice
and leaves its session is only found by the folders it works in. Standard library only on Linux, and no dataclasses:
keeper and shims load this.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

LINUX = sys.platform.startswith("linux")
_SET_CHILD_SUBREAPER = 36
_SET_NAME = 15
_LISTINGS = 4  # until nothing is new: who forks and leaves while we look at others must not be missed


class Identity(NamedTuple):
    """One process for ever: its number may be given to another later, never together with its start time."""

    boot: str
    pid: int
    start: int  # clock ticks since boot; on macOS microseconds since the epoch


class Proc(NamedTuple):
    """A running process in a snapshot; zombies are dead and not in it."""

    pid: int
    ppid: int
    start: int
    name: str
    tty: int  # 0: no terminal

    @property
    def identity(self) -> Identity:
        """Its lasting name."""
        return Identity(boot_id(), self.pid, self.start)


@cache
def boot_id() -> str:
    """Changes with every boot of the machine."""
    if LINUX:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    import psutil

    return str(int(psutil.boot_time()))


def look(pid: int) -> Proc | None:
    """That process as it is now; None when it is gone or a zombie."""
    if not LINUX:
        return _look_psutil(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    end = text.rindex(b")")  # the name may hold anything, `)` too
    fields = text[end + 2 :].split()
    if fields[0] in b"ZX":
        return None
    name = text[text.index(b"(") + 1 : end].decode(errors="replace")
    return Proc(pid, int(fields[1]), int(fields[19]), name, int(fields[4]))


def _look_psutil(pid: int) -> Proc | None:
    import psutil

    try:
        p = psutil.Process(pid)
        with p.oneshot():
            if p.status() == psutil.STATUS_ZOMBIE:
                return None
            return Proc(pid, p.ppid(), int(p.create_time() * 1e6), p.name(), 1 if p.terminal() else 0)
    except psutil.Error:
        return None


def identify(pid: int) -> Identity | None:
    """The identity of a running process."""
    found = look(pid)
    return found.identity if found else None


def myself() -> Identity:
    """The identity of the calling process."""
    me = identify(os.getpid())
    if me is None:
        raise RuntimeError("the process table does not list the process that reads it")
    return me


def session(pid: int) -> int | None:
    """The session a process is in."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def alive(who: Identity) -> bool:
    """Whether exactly this process runs: same boot, same start, no zombie."""
    found = look(who.pid) if who.boot == boot_id() else None
    return found is not None and found.start == who.start


def snapshot() -> dict[int, Proc]:
    """Every running process of this machine, by pid."""
    found: dict[int, Proc] = {}
    seen: set[int] = set()
    for _ in range(_LISTINGS):
        new = [pid for pid in _pids() if pid not in seen]
        if not new:
            break
        seen.update(new)
        found |= {pid: proc for pid in new if (proc := look(pid))}
    return found


def _pids() -> list[int]:
    if LINUX:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    import psutil

    return list(psutil.pids())


def closure(procs: dict[int, Proc], roots: Iterable[int], skip: Iterable[int] = ()) -> set[int]:
    """The roots and everything that descends from them, not looking below what is skipped."""
    children: dict[int, list[int]] = {}
    for proc in procs.values():
        children.setdefault(proc.ppid, []).append(proc.pid)
    skipped = set(skip)
    found: set[int] = set()
    todo = [pid for pid in roots if pid in procs and pid not in skipped]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += [child for child in children.get(pid, ()) if child not in skipped]
    return found


def descendants(pid: int) -> list[Proc]:
    """Everything below one process, read from its own children lists: far cheaper than a snapshot."""
    found: list[Proc] = []
    todo = [pid]
    while todo:
        for child in _children(todo.pop()):
            todo.append(child)
            if (proc := look(child)) is not None:
                found.append(proc)
    return found


def family(roots: Iterable[Identity]) -> list[Identity]:
    """Those of the given processes that live, and everything below them."""
    living = [who for who in roots if alive(who)]
    return list({*living, *(proc.identity for who in living for proc in descendants(who.pid))})


def _children(pid: int) -> list[int]:
    if not LINUX or not _has_children_lists():
        return [proc.pid for proc in snapshot().values() if proc.ppid == pid]
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass  # it ended while we looked
    return found


@cache
def _has_children_lists() -> bool:
    """Kernels may be built without them (CONFIG_PROC_CHILDREN)."""
    pid = os.getpid()
    return os.path.exists(f"/proc/{pid}/task/{pid}/children")


def ancestors(procs: dict[int, Proc], pid: int) -> set[int]:
    """A process and what it descends from."""
    line: set[int] = set()
    while pid in procs and pid not in line:
        line.add(pid)
        pid = procs[pid].ppid
    return line


def send(who: Identity, number: int) -> bool:
    """Signal exactly this process; False when it is gone (or not ours to signal)."""
    try:
        handle = os.pidfd_open(who.pid) if LINUX else None
    except OSError:
        return False
    try:
        if not alive(who):
            return False
        if handle is not None:
            signal.pidfd_send_signal(handle, number)  # the handle cannot come to mean another process
        else:
            os.kill(who.pid, number)
    except OSError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def tell(who: Identity, number: int) -> None:
    """Signal a process also where it is stopped, and would hear nothing but KILL."""
    send(who, number)
    send(who, signal.SIGCONT)


def ended(status: int) -> str:
    """How a process ended, for people; a negative status is the signal that killed it."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def end(find: Callable[[], list[Identity]], first: int, patience: float, deadline: float = 5.0) -> list[Identity]:
    """Signal all that `find` lists with `first`, after `patience` seconds KILL, until it lists none; returns the rest.

    `find` looks anew each time: what is killed may just have had children.
    """
    began = time.monotonic()
    told: set[Identity] = set()
    while found := find():
        spent = time.monotonic() - began
        if spent > patience + deadline:
            return found
        kill = spent >= patience
        for who in found:
            if kill or who not in told:
                told.add(who)
                tell(who, signal.SIGKILL if kill else first)
        time.sleep(0.03)
    return []


# The watermark: a number in a resource limit that only means something to real-time scheduling. It survives exec,
# setsid, a cleared environment, closed descriptors and cwd=/, and everybody may read it.


def set_watermark(number: int | None) -> None:
    """Mark this process, and so everything it will start, as the stack's of that number; None unmarks (Linux only)."""
    if LINUX:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
        soft = hard if number is None else number
        if hard == resource.RLIM_INFINITY or soft <= hard:
            resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))


def watermark(pid: int) -> int | None:
    """The soft real-time limit of a process, if it has one."""
    try:
        with open(f"/proc/{pid}/limits", "rb") as file:
            text = file.read()
    except OSError:
        return None
    at = text.find(b"Max realtime timeout")
    word = text[at:].split(None, 4)[3] if at >= 0 else b""
    return int(word) if word.isdigit() else None


@cache
def _libc() -> Any:
    import ctypes  # late: `stack list` has no use for it

    return ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Have orphans among our descendants given to us instead of to init (Linux only)."""
    if LINUX:
        _libc().prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_name(name: str) -> None:
    """What `ps -o comm` shows for this process (Linux only)."""
    if LINUX:
        _libc().prctl(_SET_NAME, name.encode()[:15] + b"\0", 0, 0, 0)


def remove_sysv_memory(number: int) -> bool:
    """Remove a SysV shared memory segment."""
    return bool(_libc().shmctl(number, 0, None) == 0)


def shared_files() -> set[tuple[str, int]]:
    """The files below /dev/shm: name and inode."""
    try:
        return {(entry.name, entry.inode()) for entry in os.scandir("/dev/shm")}  # noqa: S108 (looked at only)
    except OSError:
        return set()


def shared_memory(pid: int) -> set[str]:
    """The names below /dev/shm that a process maps, or holds open as it is about to map them (Linux only)."""
    paths: list[str] = []
    with suppress(OSError), open(f"/proc/{pid}/maps") as file:
        paths += [line.split(maxsplit=5)[-1] for line in file if "/dev/shm/" in line]  # noqa: S108
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                paths.append(os.readlink(entry.path))
    inside = [path for path in paths if path.startswith("/dev/shm/")]  # noqa: S108
    return {path.split("/")[3].rstrip("\n").removesuffix(" (deleted)") for path in inside}
