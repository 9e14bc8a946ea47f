"""Short commands of a component (prepare steps, grants, readiness): gated, journalled, with a deadline.

The command's environment and user are those of the component's processes, built here for both.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import process
from stackwright.runtime.cancel import check
from stackwright.runtime.journal import Journal, identities, read
from stackwright.runtime.observer import Observer
from stackwright.runtime.program import quoted
from stackwright.runtime.secrets import Secrets, Text
from stackwright.runtime.workspace import Workspace

User = tuple[int, int] | None  # (uid, gid) to drop to

_journals: dict[Path, Journal] = {}
_guard = threading.Lock()

# The child waits until its pid is on disk; end of file means that we were killed before, and it never runs. It drops
# to the tool's user itself, because that user may not be able to execute our interpreter, nor read its library: hence
# `warnings`, which `os` would import after that.
_GATE = """
import os, sys, warnings
os.read(0, 1) or os._exit(125)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
uid, gid, *argv = sys.argv[1:]
try:
    if uid != "-":
        os.setgroups([int(gid)])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.execvp(argv[0], argv)
except OSError as error:
    print(f"cannot execute `{argv[0]}`: {error.strerror}", file=sys.stderr, flush=True)
os._exit(127)
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One command to run to its end."""

    kind: str  # prepare | grant | ready
    component: str
    id: str
    argv: Sequence[str]
    env: dict[str, str]  # the whole environment
    cwd: str
    user: User
    timeout: float


def run(step: Step, output: int, cancel: threading.Event, journal: Journal | None = None) -> int | None:
    """The exit status (negative: killed by that signal), or None where it ran out of time; nothing of it goes on."""
    if journal:
        journal.write("intent", step.kind, step.component, step.id)
    who = (str(n) for n in step.user) if step.user else ("-", "-")
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _GATE, *who, *step.argv],
        env=step.env,
        cwd=step.cwd,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    look = _looker(journal, child.pid, f"{step.component}/{step.kind}")
    try:
        if journal:
            journal.spawned(step.kind, step.component, step.id, child.pid)
        assert child.stdin
        with suppress(BrokenPipeError):  # it is dead already, and its status says why
            child.stdin.write(b"g")
            child.stdin.close()
        status = _wait(child, step.timeout, cancel, look)
    finally:
        if child.poll() is None:
            _end(child, look)
    if journal:
        journal.write("exit", step.kind, step.component, step.id, status=status)
    return status


def said(
    step: Step, secrets: Secrets, cancel: threading.Event, journal: Journal | None = None, limit: int = 4096
) -> tuple[int | None, str]:
    """Run a step: how it ended, and the end of what it said, without secrets."""
    with tempfile.TemporaryFile() as output:
        status = run(step, output.fileno(), cancel, journal)
        output.seek(max(0, output.seek(0, os.SEEK_END) - limit))
        return status, secrets.redact(output.read().decode(errors="replace").strip())


def end_orphans(ws: Workspace, kind: str, component: str) -> None:
    """End steps of a component that outlived the command that ran them: it was killed, and they write on."""
    spawned = [e for e in read(ws.journal_dir / "client.jsonl") if (e["kind"], e["component"]) == (kind, component)]
    for who in identities(spawned):
        if process.alive(who):
            _end_tree(who, _looker(client_journal(ws), who.pid, f"{component}/{kind}"))


def ended(status: int | None, timeout: float) -> str:
    """How a step ended, for people."""
    if status is None:
        return f"did not end within {timeout:.0f} s"
    return process.ended(status)


def failure(code: str, summary: str, name: str, tool: str, what: str, *, log: str) -> Diagnostic:
    """What went wrong with a component or a process of it, with the last lines of its log."""
    return Diagnostic(
        code=code,
        summary=summary,
        detail=f"`{name}` ({tool}@process) {what}.{quoted(' The last lines of its log:', log)}",
        hint=f"the whole log is shown by\n    stack logs {name.partition('/')[0]}",
    )


def user_of(spec: dict[str, Any]) -> User:
    """Whom a component's processes run as: `nobody` where it refuses root and we are root, else ourselves."""
    if not spec.get("unprivileged") or os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def environment(ws: Workspace, component: str, spec: dict[str, Any], secrets: Secrets) -> dict[str, str]:
    """What every process of a component has; of the caller's environment nothing."""
    folder, prefix = spec["folder"], spec["environment"]["prefix"]
    return {
        "PATH": os.pathsep.join([*spec.get("path", ()), f"{prefix}/bin", "/usr/bin", "/bin"]),
        "HOME": f"{folder}/home",
        "TMPDIR": f"{folder}/tmp",  # noqa: S108 (in a folder of our own)
        "LANG": "C.UTF-8",
        "STACK_ID": ws.id,
        "STACK_COMPONENT": component,
        **filled(spec.get("env", {}), secrets),
    }


def filled(env: dict[str, Text], secrets: Secrets) -> dict[str, str]:
    """An environment with its secrets in place."""
    return {name: secrets.fill(text) for name, text in env.items()}


def words(command: Sequence[Text], subject: str) -> list[str]:
    """A command as its words. Everybody on the machine may read them, so a secret among them is refused."""
    for text in command:
        if not isinstance(text, str) and any(not isinstance(part, str) for part in text):
            raise StackError(_secret_word(subject, command))
    return [text if isinstance(text, str) else "".join(map(str, text)) for text in command]


def client_journal(ws: Workspace) -> Journal:
    """The journal this process writes for a stack: one writer, however many threads."""
    path = ws.journal_dir / "client.jsonl"
    with _guard:
        if path not in _journals or not path.exists():  # a stack of this name may have been removed since
            _journals[path] = Journal(path)
        return _journals[path]


def tail(log: str | Path, start: int = 0, lines: int = 12) -> str:
    """The last lines of a log from byte `start` on; a link is not followed, its folder may be the tool's user's."""
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        # A log that is shorter than it was has been rotated.
        file.seek(max(start if start <= size else 0, size - 8192))
        text = file.read().decode(errors="replace")
    return "\n".join(text.rstrip().splitlines()[-lines:])


def size(log: str | Path) -> int:
    """How long a log is now; 0 where there is none."""
    try:
        return Path(log).lstat().st_size
    except OSError:
        return 0


def _looker(journal: Journal | None, top: int, unit: str) -> Callable[[], None]:
    """Notes what is below a step and the shared memory it has: whoever ends it by force leaves that to the sweep."""
    if journal is None:
        return lambda: None
    observer = Observer(journal, {})
    return lambda: observer.look({top: unit})


def _wait(
    child: subprocess.Popen[bytes], timeout: float, cancel: threading.Event, look: Callable[[], None]
) -> int | None:
    until = time.monotonic() + timeout
    while (left := until - time.monotonic()) > 0:
        check(cancel)
        look()
        try:
            return child.wait(min(left, 0.25))
        except subprocess.TimeoutExpired:
            continue
    return None


def _end(child: subprocess.Popen[bytes], look: Callable[[], None]) -> None:
    """TERM, then KILL, the step and what it started; the child itself last, so that its orphans keep their parent."""
    me = process.identify(child.pid)
    if me:
        _end_tree(me, look)
    child.wait()


def _end_tree(top: process.Identity, look: Callable[[], None]) -> None:
    frozen: set[process.Identity] = set()

    def below() -> list[process.Identity]:
        found = [p.identity for p in process.descendants(top.pid)]
        for who in set(found) - frozen:
            process.send(who, signal.SIGSTOP)  # or it makes something between the look and the end
        frozen.update(found)
        look()
        return found

    process.end(below, signal.SIGTERM, patience=1.0)
    process.send(top, signal.SIGKILL)
    process.end(lambda: [top] if process.alive(top) else [], signal.SIGKILL, patience=0.0)


def _secret_word(subject: str, command: Sequence[Text]) -> Diagnostic:
    program = command[0] if isinstance(command[0], str) else "its first word"
    return Diagnostic(
        code="P120",
        summary="secret on a command line",
        detail=f"`{subject}` would run `{program}` with a secret among its words, where every user of this machine "
        "could read it.",
        hint="in the recipe, hand the secret over in `env` or in a file; entries are checked by\n"
        "    stack catalog check",
    )
