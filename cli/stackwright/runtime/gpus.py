"""The GPUs of this machine, as its components will see them; asked by a process of its own, as a driver may hang."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import stackwright_job

_PATIENCE = 30.0  # seconds; a driver that wakes its devices takes a few


def found() -> dict[str, Any]:
    """`devices`, each with name, memory, capability and driver; or why there are `none`, or what is `wrong`."""
    script = Path(stackwright_job.__file__).with_name("gpu.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(script), "list"], env={}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"devices": [], "wrong": f"the driver does not answer within {_PATIENCE:.0f} s"}
    except ValueError:
        return {"devices": [], "wrong": f"asking the driver ended with status {done.returncode}"}
    return told
