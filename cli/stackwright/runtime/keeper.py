"""The keeper: one small daemon a stack that starts the shims, answers clients, and remembers what it saw.

Single-threaded, standard library only. It may be killed at any moment: shims and tools go on, and the next keeper
finds them by their files and the journal. Protocol: one JSON line in, one out, over a unix socket that only its
owner can reach: ping, ensure, stop, shutdown. Secrets come in `ensure` and reach the shim by fork alone.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from stackwright.runtime import process, shim, sockets, units
from stackwright.runtime.journal import KEEPER_KILL_AT, Journal, identities, read
from stackwright.runtime.kept import IDLE, RUNNING, STARTING, Host, Kept
from stackwright.runtime.observer import Observer, rotate

TICK = 2.0  # seconds between looks at the descendants
LOST = 75  # exit status: another keeper holds the lock

Answer = Callable[[dict[str, Any]], None]


class Keeper:
    """The units of one stack and the loop that serves them."""

    def __init__(self, root: str, lock: int) -> None:
        self._lock = lock
        file = f"{root}/journal/keeper.jsonl"
        entries = read(file)
        known = {who: entry["id"] for who, entry in identities(entries).items() if process.alive(who)}
        journal = Journal(file, KEEPER_KILL_AT)
        self._host = Host(f"{root}/keeper", journal, Observer(journal, known))
        self._units: dict[str, Kept] = {}
        self._closing: list[Answer] | None = None  # those who wait for the end, once it has been asked for
        self._listener = sockets.listen_here("socket")
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._close())
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        wake = shim.wakeup()
        self._host.on_read(wake, lambda: os.read(wake, 4096))
        self._host.on_read(self._listener, self._accept)
        self._adopt(entries)

    def run(self) -> None:
        """Serve until a shutdown has stopped everything, or the workspace was deleted under us."""
        next_look = 0.0
        while self._closing is None or any(kept.phase != IDLE for kept in self._units.values()):
            pause = 0.1 if any(kept.phase == STARTING for kept in self._units.values()) else 1.0
            for key, _ in self._host.selector.select(pause):
                key.data()
            _reap()
            for kept in list(self._units.values()):
                kept.check()
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + TICK
                self._look()
                if os.fstat(self._lock).st_nlink == 0:
                    return  # shims go on; the next keeper has a lock of its own
        self._end()

    # Clients

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if sockets.peer_uid(connection) not in (os.geteuid(), 0):
            connection.close()
            return
        connection.setblocking(False)
        received = bytearray()
        self._host.on_read(connection, lambda: self._receive(connection, received))

    def _receive(self, connection: socket.socket, received: bytearray) -> None:
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        received += data
        if data and not received.endswith(b"\n") and len(received) < sockets.MAX_LINE:
            return
        self._host.selector.unregister(connection)
        if not received.endswith(b"\n"):
            connection.close()
            return
        answer = _answer(connection)
        try:
            self._handle(json.loads(received), answer)
        except (ValueError, KeyError, TypeError, OSError) as error:
            answer({"ok": False, "error": f"{type(error).__name__} while answering"})

    def _handle(self, request: dict[str, Any], answer: Answer) -> None:
        op = request["op"]
        if op == "ping":
            answer({"ok": True, "pid": os.getpid()})
        elif op == "shutdown":
            self._close(answer)
        elif op == "stop":
            self._stop(request["ids"], answer)
        elif op == "ensure" and self._closing is None:
            self._unit(request["spec"]["id"]).ask(request["spec"], lambda: answer({"ok": True}))
        else:
            answer({"ok": False, "error": "closing"})

    def _stop(self, ids: list[str], answer: Answer) -> None:
        """Stop several side by side and answer when the last is gone."""
        self._look()  # what is about to be killed may leave shared memory behind
        left = len(ids)

        def one_less() -> None:
            nonlocal left
            left -= 1
            if not left:
                answer({"ok": True})

        for unit in ids:
            self._unit(unit).ask(None, one_less)
        if not ids:
            answer({"ok": True})

    def _close(self, *answers: Answer) -> None:
        if self._closing is None:
            self._closing = []
            self._stop(list(self._units), lambda _: None)
        self._closing += answers

    # Units

    def _unit(self, unit: str) -> Kept:
        return self._units.setdefault(unit, Kept(unit, self._host))

    def _adopt(self, entries: list[dict[str, Any]]) -> None:
        """Take over what an earlier keeper started: by the shims' files, by the journal where there is none yet."""
        for record in units.records(self._host.dir):
            unfinished = record.state in (units.UP, units.RESTARTING) and record.shim.boot == process.boot_id()
            if unfinished or process.alive(record.shim):  # a dead shim of an unfinished unit is noticed by `check`
                self._unit(record.id).adopt(record.shim, record.hash, RUNNING)
        for who, entry in identities([entry for entry in entries if entry["op"] == "spawned"]).items():
            kept = self._unit(entry["id"])
            if kept.phase == IDLE and process.alive(who):
                kept.adopt(who, entry.get("hash", ""), STARTING)

    def _look(self) -> None:
        roots: dict[int, str] = {}
        logs = set()
        for kept in self._units.values():
            if kept.phase != IDLE and kept.shim and (record := units.read(self._host.dir, kept.id)):
                roots[kept.shim.pid] = kept.id
                logs.add(record.log)
                if record.pid:
                    roots[record.pid] = kept.id  # not below its shim when that was replaced
        self._host.observer.look(roots)
        for log in logs:
            rotate(log)

    def _end(self) -> None:
        """Nothing is kept any more: end what was given to us as an orphan, and go."""

        def orphans() -> list[process.Identity]:
            _reap()
            return [proc.identity for proc in process.descendants(os.getpid())]

        process.end(orphans, signal.SIGTERM, shim.GRACE)
        self._host.journal.write("done", "process", "")
        os.unlink("socket")
        me = process.myself()
        for answer in self._closing or ():
            answer({"ok": True, "keeper": me})  # so that the client can wait for our own end


def _answer(connection: socket.socket) -> Answer:
    def answer(result: dict[str, Any]) -> None:
        with connection:
            connection.settimeout(5)
            with suppress(OSError):  # a client that is gone will ask again
                connection.sendall(json.dumps(result).encode() + b"\n")

    return answer


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main(root: str, watermark: int) -> NoReturn:
    """Become the daemon of the stack at `root`; exits 0 when it serves, LOST when another keeper does."""
    os.umask(0o077)
    for folder in (f"{root}/keeper/units", f"{root}/journal"):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chdir(f"{root}/keeper")
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(LOST)
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(ready, 1) else 1)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(ready)
    process.set_watermark(watermark)
    process.become_subreaper()
    process.set_name("stack-keeper")
    keeper = Keeper(root, lock)
    gc.freeze()  # shims share these pages as long as nobody writes to them, and the collector would
    os.write(tell, b"1")
    os.close(tell)
    keeper.run()
    os._exit(0)
