"""What all resources share during one run of Terraform: the workspace, progress, cancelling, what failed and why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.journal import Journal
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace, mark_self

Progress = Callable[[str, str, str], None]  # subject, phase, text


def _silent(_subject: str, _phase: str, _text: str) -> None:
    """Nobody watches an ejected project's provider but Terraform."""


class Session:
    """One run. A command hosts it for a workspace, and reads errors and reasons from it instead of Terraform's text."""

    def __init__(self, hosted_for: Path | None = None, progress: Progress = _silent) -> None:
        self.hosted = hosted_for is not None
        self.progress = progress
        self.cancel = threading.Event()
        self.failures: list[Exception] = []
        self.reasons: dict[tuple[str, str], str] = {}  # (kind, subject) -> why it changes
        self._workspace = Workspace.open(hosted_for) if hosted_for else None
        self._secrets: Secrets | None = None
        self._in_flight = 0
        self._idle = threading.Condition()

    @property
    def workspace(self) -> Workspace:
        """The stack's folder."""
        if self._workspace is None:
            raise StackError(
                Diagnostic(
                    "E001",
                    "provider has no workspace",
                    "The provider block names no `workspace`, and no `stack` command hosts the provider.",
                    hint='name the stack\'s folder in the provider block:\n    workspace = "/path/to/.stack/NAME"',
                )
            )
        return self._workspace

    def configure(self, root: str | None) -> None:
        """Open the workspace that the provider block names; a hosting command has opened it already."""
        if self._workspace is None and root:
            self._workspace = Workspace.open(Path(root))
            mark_self(self._workspace)

    def journal(self) -> Journal:
        """What this process has done for the stack, on disk before it is done."""
        return client_journal(self.workspace)

    def redact(self, text: str) -> str:
        """The text without any secret of the stack, and encodable whatever a log held."""
        if self._workspace is not None and self._secrets is None:
            self._secrets = Secrets(self._workspace.secrets_file)
        if self._secrets is not None:
            text = self._secrets.redact(text)
        return text.encode("utf-8", "replace").decode()

    def failed(self, error: Exception) -> int:
        """Keep an error whole; the answer is its place in `failures`."""
        with self._idle:
            self.failures.append(error)
            return len(self.failures) - 1

    @contextmanager
    def flight(self) -> Iterator[None]:
        """Count a change under way, so that nobody leaves before it has ended."""
        with self._idle:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Whether no change is under way any more, after at most that many seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: self._in_flight == 0, timeout)
