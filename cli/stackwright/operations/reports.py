"""What a written report of a smoke run says beside its outcome: where, with which tools, and the logs of failures."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.operations.find import Target, workspace_of
from stackwright.operations.smoke import plan_of
from stackwright.operations.status import hidden, logs, status_of

if TYPE_CHECKING:
    from stackwright.model.report import SmokeDetails, SmokeReport
    from stackwright.operations.places import Log

_LINES = 60  # of a log: a traceback and what led to it


def details(target: Target, report: SmokeReport) -> SmokeDetails:
    """Read after the run, while the stack is up."""
    from stackwright.model.report import SmokeDetails, ToolUsed

    workspace = workspace_of(target)
    addresses = {component.id: component.url for component in status_of(workspace).components}
    tools = tuple(
        ToolUsed(c.id, c.tool, c.version, c.target, tuple(c.layers), addresses.get(c.id, ""))
        for c in plan_of(workspace).components
    )
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return SmokeDetails(date, machine, tools, _logs(target, report))


def _logs(target: Target, report: SmokeReport) -> dict[str, str]:
    """The end of what components of failed steps and wires wrote, and of what their verbs' workers did, unsecreted."""
    failed = [step.component for step in report.steps if step.state == "failed"]
    failed += [check.server for check in report.wires if not check.passed]
    from stackwright.smoke.worker import worker_log

    own, hide, found = logs(target), hidden(target), {}
    for component in dict.fromkeys(failed):
        worker = worker_log(workspace_of(target).root, component)
        parts = [_end(log) for log in (own.get(component), worker) if log]
        if text := "\n".join(part for part in parts if part):
            found[component] = hide(text)
    return found


def _end(log: Path | Log) -> str:
    """Its last lines; a log may be long, and hold anything."""
    if not isinstance(log, Path):
        return "\n".join(log.last(_LINES))
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64_000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-_LINES:])
