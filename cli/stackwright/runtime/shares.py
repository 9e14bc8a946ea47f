"""What a stack has on servers that outlive it: a note for each share, written before the share is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stackwright.runtime.files import write_atomic
from stackwright.runtime.workspace import Workspace

GrantSpec = dict[str, Any]  # docs/architecture.md


def note(ws: Workspace, spec: GrantSpec) -> None:
    """Remember how a share is taken back; its secrets are named, not contained."""
    ws.shares.mkdir(mode=0o700, exist_ok=True)
    write_atomic(_file(ws, spec["name"]), json.dumps(spec, indent=1).encode())


def forget(ws: Workspace, name: str) -> None:
    """It is not there any more."""
    _file(ws, name).unlink(missing_ok=True)


def noted(ws: Workspace) -> list[GrantSpec]:
    """Every share that may be there."""
    return [json.loads(file.read_bytes()) for file in sorted(ws.shares.glob("*.json"))]


def _file(ws: Workspace, name: str) -> Path:
    return ws.shares / f"{name}.json"
