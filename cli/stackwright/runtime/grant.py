"""Grants: one consumer's share of a shared server, made by an idempotent command beside the live server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import shares, steps
from stackwright.runtime.cancel import check
from stackwright.runtime.program import quoted
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

Progress = Callable[[str, str, str], None]  # (subject, phase, text)
GrantSpec = dict[str, Any]  # docs/architecture.md
# Runs one command of a grant once: how it ended, and what it said.
Run = Callable[[Workspace, GrantSpec, str, threading.Event], tuple[int | None, str]]

_TIMEOUT = 60.0
# A server that has just become ready may still refuse: it reads its users, elects itself, opens its pools.
_PAUSES = (0.25, 0.5, 1.0, 2.0)


def ensure_grant(
    ws: Workspace, spec: GrantSpec, progress: Progress, cancel: threading.Event, run: Run | None = None
) -> None:
    """Give the consumer its share and its own credentials; running it again changes nothing. `run`: where else."""
    wire = f"{spec['consumer']}.{spec['need']}"
    progress(wire, "granting", f"a share of {spec['server']}")
    if "revoke" in spec:  # the server outlives the stack, so the share has to be taken back
        shares.note(ws, spec)
    for pause in (*_PAUSES, None):
        check(cancel)
        status, said = (run or _run)(ws, spec, "command", cancel)
        if status in (0, None) or pause is None:
            break
        cancel.wait(pause)
    if status != 0:
        raise StackError(_refused(spec, wire, steps.ended(status, _TIMEOUT), said))
    steps.client_journal(ws).write("done", "grant", wire, spec["server"])
    progress(wire, "ready", f"a share of {spec['server']}")


def revoke_grant(ws: Workspace, spec: GrantSpec, cancel: threading.Event) -> str:
    """Take a share back, with all that is in it; what the server said where it could not be, else nothing."""
    status, said = _run(ws, spec, "revoke", cancel)
    if status != 0:
        return said or f"the command that takes it back {steps.ended(status, _TIMEOUT)}"
    shares.forget(ws, spec["name"])
    return ""


def _run(ws: Workspace, spec: GrantSpec, command: str, cancel: threading.Event) -> tuple[int | None, str]:
    """How that command of the grant ended on this machine, and what it said."""
    wire, secrets = f"{spec['consumer']}.{spec['need']}", Secrets(ws.secrets_file)
    for name in ("run", "home", "tmp"):  # a server that runs elsewhere has no folder yet
        Path(spec["folder"], name).mkdir(mode=0o700, parents=True, exist_ok=True)
    # Secrets go by environment: everybody on the machine may read the words of a command.
    env = steps.environment(ws, spec["server"], spec, secrets)
    argv = steps.words(spec[command], wire)
    ask = steps.Step("grant", wire, spec["server"], argv, env, f"{spec['folder']}/run", steps.user_of(spec), _TIMEOUT)
    steps.end_orphans(ws, "grant", wire)
    return steps.said(ask, secrets, cancel, steps.client_journal(ws))


def _refused(spec: GrantSpec, wire: str, ended: str, said: str) -> Diagnostic:
    return Diagnostic(
        code="P130",
        summary="server did not give a share",
        detail=f"`{wire}` gets its share of `{spec['server']}` from a command that {ended}."
        + quoted(" It said:", said),
        hint="give its credentials the right to make a share, or run that server in this stack: leave its `target` out"
        if "revoke" in spec
        else f"what the server says is shown by\n    stack logs {spec['server']}",
    )
