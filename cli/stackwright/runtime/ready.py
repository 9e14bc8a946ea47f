"""Waits until a component answers, and makes sure that it is the component that answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import listeners
from stackwright.runtime.asking import LIMIT, WORD, ReadySpec, as_text, ask_http, ask_tcp
from stackwright.runtime.cancel import check
from stackwright.runtime.program import quoted
from stackwright.runtime.steps import failure

_FIRST_PAUSE, _LAST_PAUSE = 0.02, 0.1
_COMMAND_PAUSE = 0.25  # each look starts a process
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Watched:
    """What is waited for, and how to look at it."""

    name: str  # component, or `component/process`
    tool: str
    died: Callable[[], str | None]  # why it stopped: "exited with status 1"; None while it runs
    roots: Callable[[], list[int]]  # processes whose descendants are the component
    log: Callable[[], str]  # the last lines of its log, without secrets
    run: Callable[[Sequence[Any], float], str | None]  # a command with a limit in seconds: None, or why it failed
    ports: tuple[int, ...] = ()  # where somebody listens on these, it must be the component
    still: Callable[[str], None] | None = None  # told every few seconds what is missing; may end the wait by raising


def wait(spec: ReadySpec, watched: Watched, cancel: threading.Event) -> float:
    """Return the seconds it took until the component answered; StackError when it died, never did, or is another."""
    began = word = time.monotonic()
    timeout = float(spec.get("timeout", 60.0))
    pause, last = (_COMMAND_PAUSE, _COMMAND_PAUSE) if spec.get("command") else (_FIRST_PAUSE, _LAST_PAUSE)
    while True:
        check(cancel)
        left = timeout - (time.monotonic() - began)
        problem = _probe(spec, watched, max(0.1, min(LIMIT, left))) or _foreign(spec, watched)
        reason = watched.died()
        if reason:
            raise StackError(stopped(watched, reason, time.monotonic() - began))
        if problem is None:
            return time.monotonic() - began
        if time.monotonic() - began >= timeout:
            why = f"runs, but {what(spec)} {problem} after {timeout:.0f} s"
            summary = "process did not become ready"
            raise StackError(failure("P112", summary, watched.name, watched.tool, why, log=watched.log()))
        if watched.still and time.monotonic() - word >= WORD:
            watched.still(problem)
            word = time.monotonic()
        cancel.wait(pause)
        pause = min(pause * 1.5, last)


def what(spec: ReadySpec) -> str:
    """What is waited for, for people."""
    return str(spec.get("http") or spec.get("tcp") or f"`{as_text(spec['command'][0])}`")


def _probe(spec: ReadySpec, watched: Watched, limit: float) -> str | None:
    """Ask once: None when it answered as it should, else what it did instead."""
    if spec.get("http"):
        return ask_http(spec["http"], spec.get("json") or {}, limit)
    if spec.get("tcp"):
        return ask_tcp(spec["tcp"], limit)
    return watched.run(spec["command"], limit)


def _foreign(spec: ReadySpec, watched: Watched) -> str | None:
    """None when it was the component that answered; what is missing where nobody listens any more."""
    dialled = _port(spec)
    family = listeners.Family(watched.roots())
    for port in {*watched.ports, *([dialled] if dialled else [])}:
        # A socket that its owner was just closing belongs to nobody: look twice.
        if family.other(port) and (other := listeners.Family(watched.roots()).other(port)):
            raise StackError(port_taken(watched.name, other, watched.log()))
    return f"answered, but port {dialled} is closed again" if dialled and not family.listens(dialled) else None


def _port(spec: ReadySpec) -> int | None:
    """The port of this machine that is asked, if one is."""
    parts = urlsplit(spec["http"]) if spec.get("http") else urlsplit(f"tcp://{spec.get('tcp') or ''}")
    return parts.port if parts.hostname in _LOOPBACK else None


def port_taken(name: str, other: listeners.Listener, log: str = "") -> Diagnostic:
    """Somebody else has the port of a component."""
    kill = f"    kill {other.pid}" if other.pid else f"    ss -ltnp 'sport = :{other.port}'"
    return Diagnostic(
        code="P110",
        summary="port is taken",
        detail=f"`{name}` should listen on port {other.port}, but {other.what} does already."
        + quoted(" The last lines of its log:", log),
        hint=f"stop it, or let the stack take other ports with `stack down` and `stack up`; to stop it:\n{kill}",
    )


def stopped(watched: Watched, reason: str, seconds: float) -> Diagnostic:
    """A process died before it was ready."""
    what, summary = f"{reason}, after {seconds:.1f} s", "process stopped before it was ready"
    return failure("P111", summary, watched.name, watched.tool, what, log=watched.log())
