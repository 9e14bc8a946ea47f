"""Runs a program of this machine to its end: stoppable, telling what it says, with logins in addresses hidden."""

from __future__ import annotations

import os
import re
import select
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from stackwright.runtime.cancel import check

_LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_KEEP_LINES = 40


class ProgramError(Exception):
    """A program failed; `tail` is the end of what it said."""

    def __init__(self, tail: str) -> None:
        super().__init__(tail)
        self.tail = tail


def quoted(intro: str, said: str, lines: int = 15) -> str:
    """The end of what a program said, to stand in a diagnostic after `intro`; nothing where it said nothing."""
    last = said.strip().splitlines()[-lines:]
    return f"{intro}\n" + "\n".join(f"  {line}" for line in last) if last else ""


def run(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    cancel: threading.Event,
    said: Callable[[str], None],
    *,
    hold: Sequence[int] = (),
    output: bool = True,
) -> None:
    """Pass each line of its errors (and its output) to `said`; the descriptors `hold` stay open as long as it lives."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if output else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if output else subprocess.PIPE,
        pass_fds=tuple(hold),
        start_new_session=True,  # the terminal's Ctrl-C reaches us, and we stop it
        umask=0o022,
    )
    try:
        tail = _listen(process, cancel, said)
    except BaseException:
        _kill(process)
        raise
    if process.wait() != 0:
        name = Path(command[0]).name
        raise ProgramError("\n".join(tail).strip() or f"{name} ended with status {process.returncode} and said nothing")


def feed(command: Sequence[str], pieces: Iterable[bytes], cancel: threading.Event) -> None:
    """Run a program of the user's own with these pieces as its standard input; ProgramError when it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        assert process.stdin
        try:
            with suppress(BrokenPipeError):  # it has failed, and says why
                for piece in pieces:
                    check(cancel)
                    process.stdin.write(piece)
                process.stdin.close()
        except BaseException:
            _kill(process)
            raise
        status = process.wait()
        said.seek(0)
        tail = said.read()[-4096:].decode(errors="replace").strip()
    if status != 0:
        raise ProgramError(tail or f"{Path(command[0]).name} ended with status {status} and said nothing")


def said_by(command: Sequence[str], limit: float = 60.0) -> str:
    """What a program of the user's own answers; ProgramError when it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{Path(command[0]).name} did not end within {limit:.0f} s") from None
    if done.returncode != 0:
        raise ProgramError((done.stderr or done.stdout).decode(errors="replace").strip()[-4096:])
    return done.stdout.decode(errors="replace")


def _listen(process: subprocess.Popen[bytes], cancel: threading.Event, said: Callable[[str], None]) -> list[str]:
    """Every line until the program closes its end; the last ones are returned."""
    stream = process.stdout or process.stderr
    assert stream
    lines: list[str] = []
    rest = b""
    with stream as pipe:
        ready = select.poll()
        ready.register(pipe, select.POLLIN)
        while True:
            check(cancel)
            if not ready.poll(200):
                continue
            part = os.read(pipe.fileno(), 65536)
            *whole, rest = (rest + part).split(b"\n")
            for raw in [*whole, rest] if not part else whole:
                line = _LOGIN.sub("***", raw.decode(errors="replace")).rstrip()
                lines = [*lines[1 - _KEEP_LINES :], line]
                said(line)
            if not part:
                return lines


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
