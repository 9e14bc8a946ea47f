"""What a written report of a smoke run says beside its outcome: where, with which tools, and the logs of failures."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from stackwright.model.report import SmokeDetails, SmokeReport, ToolUsed
from stackwright.operations.find import Target, plan_of, workspace_of
from stackwright.operations.places import Log
from stackwright.operations.status import hidden, logs, status_of
from stackwright.runtime.steps import tail

_LINES = 60  # of a log: a traceback and what led to it


def details(target: Target, report: SmokeReport) -> SmokeDetails:
    """Read after the run, while the stack is up."""
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
    return tail(log, lines=_LINES) if isinstance(log, Path) else "\n".join(log.last(_LINES))
