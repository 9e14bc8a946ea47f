"""One unit as the keeper has it: what is asked of it waits in a queue, a shim does the work.

    idle ──spawn──▶ starting ──executed──▶ running ──stop──▶ stopping ──shim ended──▶ idle

Everything happens when the keeper's loop says so; nothing here waits.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from stackwright.runtime import process, shim, units
from stackwright.runtime.journal import Journal
from stackwright.runtime.observer import Observer
from stackwright.runtime.process import Identity
from stackwright.runtime.units import Unit

IDLE, STARTING, RUNNING, STOPPING = "idle", "starting", "running", "stopping"
PATIENCE = 10.0  # seconds a shim may take longer than it should, before it is killed


class Host:
    """What all units of a keeper share."""

    def __init__(self, keeper_dir: str, journal: Journal, observer: Observer) -> None:
        self.dir, self.journal, self.observer = keeper_dir, journal, observer
        self.selector = selectors.DefaultSelector()

    def on_read(self, source: socket.socket | int, act: Callable[[], object]) -> None:
        """Have the loop call `act` when there is something to read."""
        self.selector.register(source, selectors.EVENT_READ, act)


class _Request:
    """An `ensure` (with a spec) or a `stop` (without)."""

    __slots__ = ("done", "spawned", "spec")

    def __init__(self, spec: dict[str, Any] | None, done: Callable[[], None]) -> None:
        self.spec, self.done, self.spawned = spec, done, False


class Kept:
    """A unit, its shim, and who waits for it."""

    def __init__(self, unit: str, host: Host) -> None:
        self.id, self.hash, self.phase = unit, "", IDLE
        self.shim: Identity | None = None
        self._host = host
        self._queue: list[_Request] = []
        self._link: socket.socket | None = None  # to a shim that has not started its tool yet
        self._handle: int | None = None  # a pidfd: wakes the loop when the shim ends
        self._until = 0.0  # when starting or stopping has taken too long

    def ask(self, spec: dict[str, Any] | None, done: Callable[[], None]) -> None:
        """Bring the unit to this spec (None: stop it), after what was asked before, and tell `done` then."""
        self._queue.append(_Request(spec, done))
        self._advance()

    def adopt(self, who: Identity, spec_hash: str, phase: str) -> None:
        """Take over a shim of an earlier keeper."""
        self.hash, self.phase, self._until = spec_hash, phase, time.monotonic() + PATIENCE
        self._watch(who)

    def check(self) -> None:
        """Notice what happened to the shim: it ended, it became ready elsewhere, it takes too long."""
        if self.phase == IDLE or self.shim is None:
            return
        if not process.alive(self.shim):
            self._ended()
        elif self.phase == STARTING and self._link is None and self._record_of_shim():
            self._running()
        elif self.phase in (STARTING, STOPPING) and time.monotonic() > self._until:
            process.send(self.shim, signal.SIGKILL)

    def _advance(self) -> None:
        """Work off the queue as far as the phase allows."""
        while self._queue and self.phase in (IDLE, RUNNING):
            request = self._queue[0]
            if request.spec is None:
                done = self.phase == IDLE
            else:
                done = request.spawned or (self.phase == RUNNING and self.hash == request.spec["hash"])
            if done:
                del self._queue[0]
                request.done()
            elif self.phase == RUNNING:
                self._stop()
            elif request.spec is not None:
                request.spawned = True
                self._spawn(request.spec)

    def _spawn(self, spec: dict[str, Any]) -> None:
        keeper_dir = self._host.dir
        old = units.read(keeper_dir, self.id)
        past = old.bygone().past if old else ()
        self.hash = spec["hash"]
        self._host.journal.write("intent", "process", self._component, self.id, hash=self.hash)
        self._fork(lambda link: shim.Shim(spec, keeper_dir, past, link).watch())

    def _fork(self, act: Callable[[socket.socket], None]) -> None:
        """Gated: the child's identity is journalled before it may do anything."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            shim.live(self.id, act, theirs)
        theirs.close()
        self._host.journal.spawned("process", self._component, self.id, pid, hash=self.hash)
        self.phase, self._link, self._until = STARTING, ours, time.monotonic() + PATIENCE
        # A child that is dead already is a zombie without an identity; any start time will be found not to live.
        self._watch(process.identify(pid) or Identity(process.boot_id(), pid, 0))
        self._host.on_read(ours, self._started)
        with suppress(OSError):  # when it is dead, the next check notices
            ours.send(shim.GO)

    def _started(self) -> None:
        """The shim says that the tool has been executed; or it ended, and the next check notices."""
        said = self._link.recv(1) if self._link is not None else b""
        self._unlink()
        if said == shim.STARTED and self.phase == STARTING:
            self._running()

    def _running(self) -> None:
        self.phase = RUNNING
        self._advance()

    def _stop(self) -> None:
        record = units.read(self._host.dir, self.id)
        self.phase = STOPPING
        self._until = time.monotonic() + (record.timeout if record else 0.0) + shim.GRACE + PATIENCE
        if self.shim:
            process.tell(self.shim, signal.SIGTERM)

    def _ended(self) -> None:
        """The shim has ended: by its own will, or somebody killed it and its tool needs a guard."""
        record = self._record_of_shim()
        stopping = self.phase == STOPPING
        self._watch(None)
        self._unlink()
        if record and record.state in (units.UP, units.RESTARTING):
            members, keeper_dir = self._host.observer.members(self.id), self._host.dir
            self._fork(lambda link: shim.guard(record, members, stopping, keeper_dir, link))
            return
        reason = record.reason if record else "its watchdog was killed before it started"
        self._host.journal.write("exit", "process", self._component, self.id, hash=self.hash, reason=reason)
        self.phase = IDLE
        self._advance()

    def _record_of_shim(self) -> Unit | None:
        record = units.read(self._host.dir, self.id)
        return record if record and record.shim == self.shim else None

    def _watch(self, who: Identity | None) -> None:
        self.shim = who
        if self._handle is not None:
            self._host.selector.unregister(self._handle)
            os.close(self._handle)
            self._handle = None
        if who and process.LINUX:
            try:
                self._handle = os.pidfd_open(who.pid)
            except OSError:
                return
            self._host.on_read(self._handle, lambda: None)  # every turn of the loop checks all units

    def _unlink(self) -> None:
        if self._link is not None:
            self._host.selector.unregister(self._link)
            self._link.close()
            self._link = None

    @property
    def _component(self) -> str:
        return self.id.partition("/")[0]
