"""Whether an apply would change nothing, told without starting Terraform.

Terraform decides from three things: the root, its state, and what refreshing that state finds. Where root and state are
the very bytes of the last apply that succeeded, and every resource still is what the state says, it has nothing to do.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from stackwright import __version__
from stackwright.engine.state import STATE
from stackwright.provider.drift import unchanged

_MARK = Path(".terraform", "settled")


def remember(folder: Path) -> None:
    """Root and state of `folder` are those of an apply that succeeded."""
    (folder / _MARK).write_text(_fingerprint(folder))


def settled(folder: Path, workspace: Path, state: dict[str, Any]) -> bool:
    """Whether nothing has changed since, neither here nor on the machine."""
    try:
        if (folder / _MARK).read_text() != _fingerprint(folder):
            return False
    except OSError:
        return False
    return unchanged(workspace, state)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(__version__.encode())
    for file in (folder / STATE, *sorted(folder.glob("*.tf")), *sorted(folder.glob("modules/*/*.tf"))):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
