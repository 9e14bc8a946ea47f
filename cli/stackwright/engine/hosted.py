"""One Terraform command with our provider hosted beside it, and what happens when either is interrupted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, BinaryIO

from stackwright.engine import foreign
from stackwright.engine.embedded import WAITS
from stackwright.engine.events import Said
from stackwright.engine.find import Terraform
from stackwright.provider.address import reattach
from stackwright.provider.session import Session

if TYPE_CHECKING:
    from stackwright.provider.server import Server

_POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_SOCKET = 100  # bytes; systems differ between 104 and 108
_AFTERMATH = 30.0  # seconds that changes under way get to end after Terraform has died


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of Terraform ended."""

    returncode: int
    interrupted: bool
    said: Said


def run(terraform: Terraform, arguments: Sequence[str], folder: Path, log: Path, session: Session) -> Outcome:
    """Run Terraform in `folder` against a provider that lives in this process; returns when both have ended."""
    interrupts, journal = _Interrupts(), session.journal()
    process = None
    with interrupts.caught(), _private(log) as output, _socket(folder) as (ours, theirs):

        def start() -> subprocess.Popen[bytes]:
            journal.write("intent", "terraform", "", arguments[0])
            more = foreign.environment(folder, session.workspace.root)
            child = _start([*terraform.command, *arguments], folder, theirs, output, more)
            journal.spawned("terraform", "", arguments[0], child.pid)
            return child

        try:
            # The embedded one takes a while to load and waits for a word: it does that while we load gRPC.
            process = start() if terraform.gated else None
            server = _serve(session, ours)
            process = process or start()
            interrupts.aim(process)
            returncode = _wait(process)
            journal.write("exit", "terraform", "", arguments[0], status=returncode)
            if returncode < 0:
                session.cancel.set()
            session.wait_idle(_AFTERMATH)
            session.cancel.set()
            server.stop()
        finally:
            if process and process.returncode is None:
                process.kill()
                process.wait()
    return Outcome(returncode, interrupts.count > 0, Said.read(log))


def clean_environment(folder: Path) -> dict[str, str]:
    """Ours for Terraform: whatever the caller has set for a Terraform of his own must not reach the stack's."""
    data = _data(folder)
    config = data / "empty.tfrc"
    config.touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "TOFU_", "KUBE_"))}
    return kept | {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_DATA_DIR": str(data),
    }


def _data(folder: Path) -> Path:
    data = folder / ".terraform"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return data


@contextlib.contextmanager
def _socket(folder: Path) -> Iterator[tuple[str, str]]:
    """Where we listen, and where Terraform dials from its folder.

    In the workspace, so that nothing is left elsewhere when we are killed. A unix socket's path may have about 100
    bytes, and a workspace can be deeper than that: Terraform dials a relative path, and we go by a descriptor.
    """
    path = _data(folder) / f"provider-{os.getpid()}.sock"
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        ours = str(path) if len(os.fsencode(path)) < _LONGEST_SOCKET else f"/proc/self/fd/{handle}/{path.name}"
        yield ours, str(path.relative_to(folder))
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _serve(session: Session, socket: str) -> Server:
    from stackwright.provider import resources
    from stackwright.provider.server import Server

    return Server(session, resources.table(session), socket)


def _start(
    command: Sequence[str], folder: Path, socket: str, output: BinaryIO, more: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Terraform in a session of its own: the terminal's Ctrl-C comes from us, once.

    Its output goes to a file: a pipe would die with its reader, and Terraform with the pipe, its state unwritten.
    """
    host = {"TF_REATTACH_PROVIDERS": json.dumps(reattach(socket)), WAITS: "1"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment(folder) | (more or {}) | host,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Say the word that it may go on, and wait for its end."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"g")
        process.stdin.close()
    return process.wait()


@contextlib.contextmanager
def _private(log: Path) -> Iterator[BinaryIO]:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        yield output


class _Interrupts:
    """The first signal is passed on as Terraform's polite stop, a second one kills it."""

    def __init__(self) -> None:
        self.count = 0
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Take over the signals, and give them back; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in _POLITE}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def aim(self, process: subprocess.Popen[bytes]) -> None:
        """Say whom the signals are for; one may have come already."""
        self._process = process
        if self.count:
            process.send_signal(signal.SIGINT)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT if self.count == 1 else signal.SIGKILL)
