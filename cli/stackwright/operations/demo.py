"""The demo: the blueprint `demo` up, smoked, and down again, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.operations.find import DEMO, Target, demo_folder, find, forget_own
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.model.report import DownResult, Progress, SmokeReport, UpResult


def demo(
    keep: bool, folder: Path | None, progress: Progress, on_stage: Callable[[str, object], None]
) -> tuple[UpResult, SmokeReport, DownResult | None]:
    """Up, smoke and, unless `keep`, down; whatever happens in between, what was started is taken down."""
    from stackwright.operations.down import down
    from stackwright.operations.init import init
    from stackwright.operations.smoke import smoke
    from stackwright.operations.up import up

    running = next((w for w in Workspace.all() if w.name == DEMO), None)
    if running:
        raise StackError(
            Diagnostic(
                "U011",
                "demo is there already",
                f"A stack named `{DEMO}` lies in `{running.root}`.",
                hint=f"take it down first\n    stack down {DEMO}",
            ),
            Exit.USAGE,
        )
    with index.lock():  # first of all in the state folder, so that it notes what had to be made
        path = init(folder or demo_folder(), None, DEMO, {}, force=True)
    finished = False
    try:
        risen = up(Target(path, None, DEMO), progress)
        on_stage("up", risen)
        report = smoke(find(path), None, progress)
        on_stage("smoke", report)
        finished = True
    finally:
        if not keep or not finished:
            gone = _clean(path, down, progress, on_stage)
    return risen, report, None if keep else gone


def _clean(
    path: Path, down: Callable[..., DownResult], progress: Progress, on_stage: Callable[[str, object], None]
) -> DownResult | None:
    target = find(path)
    if target.workspace is None:  # `up` was stopped before there was one
        forget_own(path)
        return None
    gone = down(target, False, progress)
    on_stage("down", gone)
    return gone
