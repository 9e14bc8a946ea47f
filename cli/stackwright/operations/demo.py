"""The demo: the blueprint `demo` up, smoked, and down again, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import DownResult, Progress, SmokeReport, UpResult, WebPage
from stackwright.operations.down import down
from stackwright.operations.find import DEMO, Target, demo_folder, find, forget_own, plan_of, workspace_of
from stackwright.operations.init import init
from stackwright.operations.smoke import smoke
from stackwright.operations.up import up
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace

PAGE = "page"  # the field by which an interface says that people can open it


def demo(
    keep: bool, folder: Path | None, progress: Progress, on_stage: Callable[[str, object], None]
) -> tuple[UpResult, SmokeReport, DownResult | None]:
    """Up, smoke and, unless `keep`, down; whatever happens in between, what was started is taken down."""
    if running := next((w for w in Workspace.all() if w.name == DEMO), None):
        detail, hint = f"A stack named `{DEMO}` lies in `{running.root}`.", f"take it down first\n    stack down {DEMO}"
        raise StackError(Diagnostic("U011", "demo is there already", detail, hint=hint), Exit.USAGE)
    with index.lock():  # first of all in the state folder, so that it notes what had to be made
        path = init(folder or demo_folder(), None, DEMO, {}, force=True)
    try:
        risen = up(Target(path, None, DEMO), progress)
        on_stage("up", risen)
        report = smoke(find(path), None, progress)
        on_stage("smoke", report)
    except BaseException:
        _removed(path, progress, on_stage)
        raise
    return risen, report, None if keep else _removed(path, progress, on_stage)


def _removed(path: Path, progress: Progress, on_stage: Callable[[str, object], None]) -> DownResult | None:
    target = find(path)
    if target.workspace is None:  # `up` was stopped before there was one
        forget_own(path)
        return None
    gone = down(target, False, progress)
    on_stage("down", gone)
    return gone


def pages(target: Target) -> tuple[WebPage, ...]:
    """Every endpoint that a browser can open, in the plan's order."""
    found = []
    for component in plan_of(workspace_of(target)).components:
        for endpoint in component.endpoints.values():
            fields = endpoint.fields
            if isinstance(address := fields.get(PAGE), str):
                login = any(not isinstance(value, str | int) for value in fields.values())  # a secret among them
                user = str(fields.get("username", ""))
                found.append(WebPage(component.id, component.tool, component.layers, address, user, login))
    return tuple(found)


def place(target: Target) -> Path:
    """Where the landing page is written: it goes with the stack."""
    return workspace_of(target).root / "index.html"
