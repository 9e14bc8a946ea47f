"""A short command beside a component's process on this machine: as its user, with its variables, in its folder."""

from __future__ import annotations

import threading
from typing import Any

from stackwright.runtime import steps
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

_TIMEOUT = 120.0  # seconds; a driver that hangs must not keep us
_LIMIT = 64 * 1024


def said(ws: Workspace, spec: dict[str, Any], process: dict[str, Any], words: list[str]) -> str:
    """What it said to its end, without secrets; how it ended, where that was not well."""
    secrets = Secrets(ws.secrets_file)
    env = steps.environment(ws, spec["component"], spec, secrets) | steps.filled(process["env"], secrets)
    folder, user = f"{spec['folder']}/run", steps.user_of(spec)
    step = steps.Step("beside", spec["component"], "", words, env, folder, user, _TIMEOUT)
    status, text = steps.said(step, secrets, threading.Event(), limit=_LIMIT)
    return text if status == 0 else f"{text}\nThe command {steps.ended(status, _TIMEOUT)}."
