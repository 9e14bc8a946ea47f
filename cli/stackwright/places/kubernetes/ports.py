"""What the forwarder and those who tell it know of each other: two files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stackwright.runtime.workspace import Workspace

Target = dict[str, Any]  # {"labels": of the pod, "port": inside}


def wanted_file(ws: Workspace) -> Path:
    """Which ports lead where."""
    return ws.root / "forward.json"


def told_file(ws: Workspace) -> Path:
    """What the forwarder made of it."""
    return ws.keeper_dir / "forward.json"


def wanted(ws: Workspace) -> dict[int, Target]:
    """By the port of this machine."""
    try:
        found = json.loads(wanted_file(ws).read_bytes())
        return {int(port): target for port, target in found["ports"].items()}
    except (OSError, ValueError, KeyError):
        return {}
