"""What a user needs, looked for: each check says what is missing and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from stackwright import folders
from stackwright.model.report import DoctorCheck
from stackwright.operations import programs


def doctor() -> tuple[DoctorCheck, ...]:
    """Interpreter, programs that tools call, Terraform, folders, disk, sessions."""
    return (_interpreter(), *_programs(), _terraform(), _writable("cache"), _writable("state"), _disk(), *_logout())


def _interpreter() -> DoctorCheck:
    version = platform.python_version()
    return DoctorCheck("Python", "fine", f"{version} at {sys.executable}")


def _programs() -> Iterator[DoctorCheck]:
    from stackwright.catalog.load import Catalog

    catalog = Catalog.shipped()
    recipes = {name: catalog.recipe(name) for name in catalog.tools()}
    callers = programs.callers_of({name: recipe.install.system for name, recipe in recipes.items() if recipe})
    for program, tools in callers.items():
        if found := programs.find(program):
            yield DoctorCheck(program, "fine", found)
        else:
            yield DoctorCheck(program, "missing", f"called by {', '.join(tools)}", programs.how_to_get(program))


def _terraform() -> DoctorCheck:
    from stackwright.engine.find import find_terraform
    from stackwright.errors import StackError

    try:
        found = find_terraform()
    except StackError as error:
        first = error.diagnostics[0]
        return DoctorCheck("Terraform", "missing", first.detail, first.hint)
    return DoctorCheck("Terraform", "fine", str(found))


def _writable(which: str) -> DoctorCheck:
    path = folders.cache_dir() if which == "cache" else folders.state_dir()
    nearest_there = next(p for p in (path, *path.parents) if p.exists())
    if os.access(nearest_there, os.W_OK):
        return DoctorCheck(f"{which} folder", "fine", str(path))
    hint = f"choose another with\n    export STACK_{which.upper()}_DIR=/path/you/own"
    return DoctorCheck(f"{which} folder", "missing", f"{path} cannot be written", hint)


def _disk() -> DoctorCheck:
    path = next(p for p in (folders.cache_dir(), *folders.cache_dir().parents) if p.exists())
    free = shutil.disk_usage(path).free / 1e9
    detail = f"{free:.0f} GB free where environments go; the demo's take about 3 GB"
    if free < 5:
        return DoctorCheck("disk", "warning", detail, "free some, or choose another volume with STACK_CACHE_DIR")
    return DoctorCheck("disk", "fine", detail)


def _logout() -> tuple[DoctorCheck, ...]:
    """systemd may be told to end what a user leaves behind at logout: then stacks end too."""
    if "killuserprocesses=yes" not in _logind().replace(" ", "").lower():
        return ()
    hint = "keep your processes with\n    loginctl enable-linger"
    return (DoctorCheck("logout", "warning", "logind ends your processes at logout (KillUserProcesses=yes)", hint),)


def _logind() -> str:
    try:
        return "\n".join(
            line for line in Path("/etc/systemd/logind.conf").read_text().splitlines() if not line.startswith("#")
        )
    except OSError:
        return ""
