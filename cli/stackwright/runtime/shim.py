"""The watchdog of one kept process: forked by the keeper, outlives it, and ends only when nothing below it is left.

It starts the tool behind a gate (the tool's identity is on disk before it may run), restarts it with back-off when it
dies by itself, and stops it: the tool's own signal first, then TERM, then KILL, until there are no children. As a
subreaper it is given every orphan among them, so a daemon that forks twice does not get away.

A shim is told to stop by SIGTERM, from whichever keeper there is.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

from stackwright.runtime import process, units
from stackwright.runtime.units import Unit

BACKOFF = (0.2, 0.5, 1.0, 2.0)  # seconds before each restart; the fifth death within WINDOW is the last
WINDOW = 60.0
GRACE = 2.0  # seconds between TERM and KILL for what the main process left behind
GO, STARTED = b"g", b"s"  # what keeper and shim say to each other over the link, once


def live(unit: str, act: Callable[[socket.socket], None], link: socket.socket) -> NoReturn:
    """The life of a shim or guard, in the freshly forked child of the keeper; never returns."""
    status = 70
    try:
        os.setsid()
        detach(keep=(link.fileno(),))
        if link.recv(1) == GO:  # end of file: the keeper died before it had our pid in its journal
            act(link)
        status = 0
    except BaseException as error:  # noqa: BLE001 (nothing above us catches; text only of what holds no secret)
        os.write(2, f"shim of {unit}: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def guard(unit: Unit, members: list[process.Identity], stopping: bool, keeper_dir: str, link: socket.socket) -> None:
    """Stand in for a shim that was killed: look after its tool without the spec, so without restarts."""
    told = [stopping]
    wake = wakeup()
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    process.set_name(f"guard:{unit.id}")
    unit = unit._replace(shim=process.myself(), state=units.UP, since=time.time())
    units.write(keeper_dir, unit)
    link.send(STARTED)
    link.close()
    main = unit.tool
    while main and process.alive(main) and not any(told):
        select.select([wake], [], [], 1.0)
    state, reason = (units.DOWN, "stopped") if any(told) else (units.FAILED, "it died after its watchdog was killed")
    if main:
        first = getattr(signal, f"SIG{unit.signal}")
        process.end(lambda: [main] if process.alive(main) else [], first, unit.timeout)
        members = [main, *members]
    if left := process.end(lambda: process.family(members), signal.SIGTERM, GRACE):
        state, reason = units.FAILED, f"{len(left)} of its processes cannot be killed"
    units.write(keeper_dir, unit.bygone()._replace(state=state, reason=reason, since=time.time()))


def detach(keep: Iterable[int] = ()) -> None:
    """Drop what a child inherits from the keeper: descriptors (its lock!), signal handlers, the signal mask."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    kept = {0, 1, 2, *keep}
    for name in os.listdir("/dev/fd"):
        if int(name) not in kept:
            with suppress(OSError):  # the listing's own is closed already
                os.close(int(name))


class Shim:
    """The watchdog of one tool, told by its keeper over `link` and heard there once."""

    def __init__(
        self, spec: dict[str, Any], keeper_dir: str, past: tuple[process.Identity, ...], link: socket.socket
    ) -> None:
        self.spec, self.keeper_dir, self.link = spec, keeper_dir, link
        self.unit = Unit(
            id=spec["id"],
            hash=spec["hash"],
            shim=process.myself(),
            tool=None,
            state=units.DOWN,
            since=time.time(),
            restarts=0,
            reason="",
            log=spec["log"],
            signal=spec["signal"],
            timeout=spec["timeout"],
            past=past,
        )
        self.deaths: list[float] = []
        self.status: int | None = None  # of the tool, once it has been waited for
        self.stopping = False
        process.become_subreaper()
        process.set_name(f"shim:{spec['id']}")
        self.wake = wakeup()
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _told_to_stop(self, *_: object) -> None:
        self.stopping = True

    def watch(self) -> None:
        """Start the tool, then look after it until it is stopped or has failed."""
        if not self._start():
            return
        with suppress(OSError):  # the keeper that asked may be gone; the next one finds us by our file
            self.link.send(STARTED)
        self.link.close()
        while True:
            self._wait(3600)
            if self.stopping:
                self._stop()
                return
            if self.status is not None:
                self._end_rest(GRACE)
                if not self._restart(self.status):
                    return

    # Starting

    def _start(self) -> bool:
        """Fork the tool, write down who it is, then let it execute its program; False when it could not."""
        self.unit = self.unit.bygone()
        self.status = None
        gate, open_gate = os.pipe()
        errors, tell_error = os.pipe()
        log = open_log(self.spec["log"])
        pid = os.fork()
        if pid == 0:
            os.close(open_gate)
            _become_tool(self.spec, gate, tell_error, log)
        for fd in (gate, tell_error, log):
            os.close(fd)
        try:
            self._record(units.UP, tool=process.identify(pid))
            os.write(open_gate, GO)
        finally:
            os.close(open_gate)  # unwritten: the tool never runs
        error = os.read(errors, 4096).decode(errors="replace")  # end of file: it has been executed
        os.close(errors)
        if error:
            self._end_rest(GRACE)
            self._record(units.FAILED, reason=error)
        return not error

    def _restart(self, status: int) -> bool:
        """After a death: wait and start again, or give up; False when this shim is done."""
        at = time.monotonic()
        self.deaths = [death for death in self.deaths if at - death < WINDOW] + [at]
        reason = f"{process.ended(status)} at {time.strftime('%H:%M:%S', time.gmtime())} UTC"
        if (number := len(self.deaths)) > len(BACKOFF):
            self._note(f"{reason}: death number {number} within {WINDOW:.0f} s, not restarted any more")
            self.unit = self.unit.bygone()
            self._record(units.FAILED, reason=f"{reason}, {number} times within {WINDOW:.0f} s")
            return False
        delay = BACKOFF[number - 1]
        self._note(f"{reason}; restarted in {delay} s")
        self._record(units.RESTARTING, reason=reason)
        while not self.stopping and (left := at + delay - time.monotonic()) > 0:
            self._wait(left)
        if self.stopping:
            self._stop()
            return False
        self.unit = self.unit._replace(restarts=self.unit.restarts + 1)
        return self._start()

    # Stopping

    def _stop(self) -> None:
        """The tool's own signal, then TERM to everything below us, then KILL, until nothing is left."""
        if self.status is None and self.unit.tool:
            process.tell(self.unit.tool, getattr(signal, f"SIG{self.spec['signal']}"))
            until = time.monotonic() + self.spec["timeout"]
            while self._reap() and self.status is None and (left := until - time.monotonic()) > 0:
                self._wait(min(left, 1.0))
        self._end_rest(GRACE)
        self.unit = self.unit.bygone()
        self._record(units.DOWN, reason="stopped")

    def _end_rest(self, patience: float) -> None:
        began, told = time.monotonic(), set[process.Identity]()
        while self._reap() or (not process.LINUX and self._below()):
            kill = time.monotonic() - began >= patience
            for who in self._below():
                if kill or who not in told:
                    told.add(who)
                    process.tell(who, signal.SIGKILL if kill else signal.SIGTERM)
            self._wait(0.05)

    def _below(self) -> list[process.Identity]:
        found = process.descendants(os.getpid())
        if not process.LINUX and self.unit.tool:
            # Without subreapers an orphan leaves our tree, but not the session the tool began.
            found += [p for p in process.snapshot().values() if process.session(p.pid) == self.unit.pid]
        return [proc.identity for proc in found]

    # Looking

    def _wait(self, seconds: float) -> None:
        """Until a signal comes or the time is up."""
        if select.select([self.wake], [], [], seconds)[0]:
            os.read(self.wake, 4096)
        self._reap()

    def _reap(self) -> bool:
        """Collect the dead; whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.unit.pid:
                self.status = os.waitstatus_to_exitcode(status)

    def _record(self, state: str, **changes: Any) -> None:
        self.unit = self.unit._replace(state=state, since=time.time(), **changes)
        units.write(self.keeper_dir, self.unit)

    def _note(self, text: str) -> None:
        """A line of ours between the tool's, for who reads its log."""
        try:
            log = open_log(self.spec["log"])
            os.write(log, f"[stack] {self.spec['id']} {text}\n".encode())
            os.close(log)
        except OSError:
            pass


def open_log(path: str) -> int:
    """A log to append to; a link is refused, because the folder may belong to the tool's user and we may be root."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _become_tool(spec: dict[str, Any], gate: int, tell_error: int, log: int) -> NoReturn:
    """In the tool's own process: wait at the gate, shed everything of ours, execute."""
    step = "wait"
    try:
        os.setsid()
        if os.read(gate, 1) != GO:
            os._exit(0)
        nothing = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            with suppress(OSError):  # the C library keeps a few for itself
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if spec.get("user"):
            step = "become another user"
            uid, gid = spec["user"]
            os.setgroups([gid])
            os.setgid(gid)
            os.setuid(uid)
        step = f"enter `{spec['cwd']}`"
        os.chdir(spec["cwd"])
        step = f"execute `{spec['argv'][0]}`"
        os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606
    except BaseException as error:  # noqa: BLE001 (reported to the shim, which is the only one left to care)
        text = error.strerror if isinstance(error, OSError) else type(error).__name__
        os.write(tell_error, f"cannot {step}: {text}".encode())
    os._exit(127)


def wakeup() -> int:
    """A descriptor that a signal with a handler makes readable, to select on."""
    wake, tell = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    return wake
