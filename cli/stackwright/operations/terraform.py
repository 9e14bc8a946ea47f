"""The engine of one workspace, with its progress turned into ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.engine.run import Engine
    from stackwright.model.report import Progress
    from stackwright.runtime.workspace import Workspace


def engine_of(workspace: Workspace, progress: Progress | None) -> Engine:
    """An engine whose provider reports what it installs, starts and waits for."""
    from stackwright.engine.run import Engine
    from stackwright.model.report import Event

    def report(subject: str, phase: str, text: str) -> None:
        if progress:
            progress(Event(subject, phase, text))

    return Engine(workspace.root, workspace.terraform, report)
