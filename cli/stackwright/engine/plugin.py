"""Our provider where a plain Terraform or OpenTofu finds it, for projects that `stack render` wrote."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from stackwright import __version__
from stackwright.errors import Diagnostic, StackError
from stackwright.provider.address import ADDRESS

_PROGRAM = "terraform-provider-stackwright"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's names


def vendor(folder: Path) -> Path:
    """Copy the provider's console script below `folder`, into the mirror that Terraform has there by itself."""
    program = Path(sys.executable).with_name(_PROGRAM)
    if not program.is_file():
        detail = f"The provider is a console script beside Python, and there is no `{program}`."
        raise StackError(Diagnostic("E013", "provider is not installed", detail, hint="install Stackwright anew"))
    machine = platform.machine().lower()
    home = folder / "terraform.d" / "plugins" / ADDRESS
    shutil.rmtree(home, ignore_errors=True)  # of an earlier version, or of an environment that is gone
    place = home / __version__ / f"{sys.platform}_{_MACHINES.get(machine, machine)}" / f"{_PROGRAM}_v{__version__}"
    place.parent.mkdir(parents=True)
    shutil.copy(program, place)
    return place
