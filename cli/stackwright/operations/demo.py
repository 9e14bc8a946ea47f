"""The demo: the blueprint `demo` up, smoked, and down again, in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.operations.find import Target, find
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.model.report import DownResult, Progress, SmokeReport, UpResult

NAME = "demo"


def demo(
    keep: bool, folder: Path | None, progress: Progress, on_stage: Callable[[str, object], None]
) -> tuple[UpResult, SmokeReport, DownResult | None]:
    """Up, smoke and, unless `keep`, down; whatever happens in between, what was started is taken down."""
    from stackwright.operations.down import down
    from stackwright.operations.init import init
    from stackwright.operations.smoke import smoke
    from stackwright.operations.up import up

    running = next((w for w in Workspace.all() if w.name == NAME), None)
    if running:
        raise StackError(
            Diagnostic(
                "U011",
                "demo is there already",
                f"A stack named `{NAME}` lies in `{running.root}`.",
                hint=f"take it down first\n    stack down {NAME}",
            ),
            Exit.USAGE,
        )
    path = init(folder or demo_folder(), None, NAME, {}, force=True)
    finished = False
    try:
        risen = up(Target(path, None, NAME), progress)
        on_stage("up", risen)
        report = smoke(find(path), None, progress)
        on_stage("smoke", report)
        finished = True
    finally:
        if not keep or not finished:
            gone = _clean(path, down, progress, on_stage)
    return risen, report, None if keep else gone


def demo_folder() -> Path:
    """Where the demo's manifest and workspace lie, unless told otherwise."""
    return folders.state_dir() / NAME


def _clean(
    path: Path, down: Callable[..., DownResult], progress: Progress, on_stage: Callable[[str, object], None]
) -> DownResult | None:
    target = find(path)
    gone = down(target, False, progress) if target.workspace else None
    if gone is not None:
        on_stage("down", gone)
    if path.parent == demo_folder() and (gone is None or not gone.left):
        shutil.rmtree(path.parent, ignore_errors=True)
        index.tidy()
    return gone
