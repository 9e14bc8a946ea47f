"""Talks to a stack's keeper, and starts it where none runs.

Every method may be called from many threads: one connection a call. A keeper that is killed in the middle is
replaced and the call repeated, which is safe because every operation is idempotent.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import process, sockets, units
from stackwright.runtime.journal import KEEPER_KILL_AT
from stackwright.runtime.units import Unit
from stackwright.runtime.workspace import Workspace

# Without `site`, so that nothing but the standard library can get in, and small.
_PROGRAM = "import sys; sys.path[:0] = sys.argv[3:]; from stackwright.runtime.keeper import main; "
_PROGRAM += "main(sys.argv[1], int(sys.argv[2]))"
_LOST = 75  # keeper.LOST, not imported: nothing of the daemon is loaded here
_RETRY_FOR = 60.0  # seconds in which keepers that die, close or come up late are forgiven
_STARTS = 3  # so many that fail in a row are no accident: one may be killed before it serves
_SILENCE = 20.0  # seconds without an answer after which the keeper is asked whether it still listens

_starting = threading.Lock()


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process to keep. Secrets may stand in `env` and nowhere else; they travel through the socket only."""

    id: str  # `<component>/<name>`
    hash: str  # same id and hash and alive: adopted; another hash: stopped and started anew
    argv: tuple[str, ...]  # argv[0] is looked up on env["PATH"]
    env: dict[str, str]  # the whole environment: nothing is inherited
    cwd: str
    log: str  # appended to, 0600, rotated
    user: tuple[int, int] | None = None  # (uid, gid) to drop to
    signal: str = "TERM"  # the tool's own way to stop
    timeout: float = 10.0  # after which its descendants get TERM and then KILL


class KeeperClient:
    """The keeper of one stack."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._socket = str(ws.keeper_dir / "socket")

    @classmethod
    def connect(cls, ws: Workspace, start: bool = True) -> KeeperClient:
        """The running keeper; with `start`, one that is started when there is none (else StackError)."""
        client = cls(ws)
        client.ping(start)
        return client

    def ping(self, start: bool = True) -> int:
        """The keeper's pid."""
        return int(self._ask({"op": "ping"}, start)["pid"])

    def ensure(self, spec: ProcessSpec) -> Unit:
        """Start or adopt one process; answers when it has been executed (or could not be), not when it is ready."""
        self._ask({"op": "ensure", "spec": asdict(spec)})
        unit = units.read(self._ws.keeper_dir, spec.id)
        if unit is None:
            raise _broken(self._ws, f"it started `{spec.id}` but lost sight of it at once")
        return units.now(unit)

    def stop(self, ids: Sequence[str]) -> None:
        """Stop processes given in start order, the last first, each gone with all its descendants before the next."""
        for unit in reversed(ids):
            self.stop_together([unit])

    def stop_together(self, ids: Sequence[str]) -> None:
        """Stop processes that do not depend on each other, all at once."""
        self._ask({"op": "stop", "ids": list(ids)})
        gone = [unit for name, unit in units.read_all(self._ws.keeper_dir).items() if name in ids]
        stuck = [f"`{unit.id}`: {unit.reason}" for unit in gone if unit.pid is not None or "cannot be" in unit.reason]
        if stuck:
            raise StackError(
                Diagnostic(
                    "P151",
                    "process cannot be stopped",
                    f"It survived KILL, so the kernel holds it (a hanging disk, for example). {' '.join(stuck)}",
                    hint="repeat it when whatever the process waits for is back",
                )
            )

    def shutdown(self) -> None:
        """Stop everything at once, then the keeper itself; fine when there is none and nothing to stop."""
        kept = units.records(self._ws.keeper_dir)
        if running(self._ws) or any(process.alive(who) for unit in kept for who in (unit.shim, unit.tool) if who):
            keeper = process.Identity(*self._ask({"op": "shutdown"})["keeper"])
            # It answers just before its own end, which belongs to "everything is stopped".
            process.end(lambda: [keeper] if process.alive(keeper) else [], signal.SIGCONT, _SILENCE)

    def _ask(self, request: dict[str, Any], start: bool = True) -> dict[str, Any]:
        """One answer, from this keeper or from the one that replaces it."""
        until = time.monotonic() + _RETRY_FOR
        line = json.dumps(request).encode() + b"\n"
        failed = 0
        while True:
            answer, why = self._try(line)
            if answer and answer["ok"]:
                return answer
            if answer and answer["error"] != "closing":
                raise _broken(self._ws, answer["error"])
            if not start or time.monotonic() > until:
                raise _broken(self._ws, why or "it is closing")
            if answer is None and (why := _start(self._ws)):
                failed += 1
                if failed == _STARTS:
                    raise _broken(self._ws, why)
            time.sleep(0.05)

    def _try(self, line: bytes) -> tuple[dict[str, Any] | None, str]:
        try:
            with sockets.connect(self._socket, _SILENCE) as connection:
                connection.sendall(line)
                received = self._receive(connection)
        except TimeoutError:
            raise _broken(self._ws, f"it has not answered for {_SILENCE:.0f} s") from None
        except OSError as error:  # not there, or killed while we spoke
            gone = isinstance(error, FileNotFoundError | ConnectionError)
            return None, "it does not run" if gone else error.strerror or type(error).__name__
        return (json.loads(received), "") if received.endswith(b"\n") else (None, "it was killed before it answered")

    def _receive(self, connection: socket.socket) -> bytes:
        """Until the other side closes; stopping may take its time, so silence is only wrong when a ping is too."""
        received = b""
        while True:
            try:
                data = connection.recv(1 << 16)
            except TimeoutError:
                with sockets.connect(self._socket, _SILENCE) as other:
                    other.sendall(b'{"op":"ping"}\n')
                    other.recv(1)
                continue
            if not data:
                return received
            received += data


def running(ws: Workspace) -> bool:
    """Whether a keeper listens."""
    try:
        sockets.connect(str(ws.keeper_dir / "socket"), 5).close()
    except OSError:
        return False
    return True


def _start(ws: Workspace) -> str:
    """Start a keeper, unless another thread or command has done so meanwhile; why it did not come to serve, or ""."""
    with _starting:
        if running(ws):
            return ""
        ws.keeper_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = ws.keeper_dir / "log"
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", "STACK_ID": ws.id}
        if kill_at := os.environ.pop(KEEPER_KILL_AT, None):  # once: the keeper that replaces the killed one lives
            env[KEEPER_KILL_AT] = kill_at
        command = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(ws.root), str(ws.watermark), *_libraries()]
        with log.open("ab") as sink:
            log.chmod(0o600)
            done = subprocess.run(
                command, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True, check=False,
            )  # fmt: skip
        fine = done.returncode in (0, _LOST)
        return "" if fine else f"it ended with status {done.returncode} at its start; its log is `{log}`"


def _libraries() -> list[str]:
    found = [str(Path(__file__).parents[2])]
    if not process.LINUX:
        import psutil

        found.append(str(Path(psutil.__file__).parents[1]))
    return found


def _broken(ws: Workspace, why: str) -> StackError:
    return StackError(
        Diagnostic(
            "P150",
            "keeper does not answer",
            f"The keeper of `{ws.name}`, which starts and watches its processes, cannot be used: {why}.",
            hint=f"take the stack down, which works without it\n    stack down {ws.name}",
        )
    )
