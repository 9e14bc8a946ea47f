"""What a user needs, looked for: each check says what is missing and how to get it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright import folders
from stackwright.errors import StackError
from stackwright.model.report import DoctorCheck
from stackwright.operations import gpus, places, programs
from stackwright.operations.find import DEMO
from stackwright.operations.init import asked_layers

if TYPE_CHECKING:
    from stackwright.model.catalog import Recipe


def doctor() -> tuple[DoctorCheck, ...]:
    """Interpreters, programs that tools call, Terraform, folders, disk, sessions."""
    from stackwright.catalog.load import Catalog

    catalog = Catalog.shipped()
    recipes = {name: found for name in catalog.tools() if (found := catalog.recipe(name))}
    demo = set(asked_layers(DEMO).values())
    python = DoctorCheck("Python", "fine", f"{platform.python_version()} at {sys.executable}")
    cache, state = folders.cache_dir(), folders.state_dir()
    own = (_writable("cache", cache), _writable("state", state), _disk(cache))
    used = (*_interpreters(recipes, demo), *_programs(recipes, demo), _terraform(), _engine(), *_cluster(), _gpus())
    return (python, *used, *own, *_logout())


def _interpreters(recipes: Mapping[str, Recipe], demo: Set[str]) -> Iterator[DoctorCheck]:
    """A tool may want an older Python than ours; it takes one that is here, and downloads none."""
    from stackwright.runtime import interpreters

    wanted: dict[str, list[str]] = {}
    for tool, recipe in recipes.items():
        wanted.setdefault(recipe.install.python, []).append(tool)
    for specifier, tools in wanted.items():
        try:
            interpreters.find(specifier, tools[0])
        except StackError as error:
            yield _lacking(f"Python {specifier}", tools, demo, error.diagnostics[0].hint)


def _programs(recipes: Mapping[str, Recipe], demo: Set[str]) -> Iterator[DoctorCheck]:
    """What only tools beyond the demo's call is no fault of the machine."""
    for program, tools in programs.callers_of({tool: programs.called_by(r) for tool, r in recipes.items()}).items():
        if found := programs.find(program):
            yield DoctorCheck(program, "fine", found)
        else:
            yield _lacking(program, tools, demo, programs.how_to_get(program))


def _lacking(what: str, tools: Sequence[str], demo: Set[str], hint: str) -> DoctorCheck:
    rest = len(tools) - 4
    detail = f"wanted by {', '.join(tools[:4])}" + (f" and {rest} more" if rest > 0 else "")
    return DoctorCheck(what, "missing" if demo & set(tools) else "warning", detail, hint)


def _terraform() -> DoctorCheck:
    from stackwright.engine.find import find_terraform

    try:
        found = find_terraform()
    except StackError as error:
        first = error.diagnostics[0]
        return DoctorCheck("Terraform", "missing", first.detail, first.hint)
    return DoctorCheck("Terraform", "fine", str(found))


def _engine() -> DoctorCheck:
    """Only `target: docker` wants one."""
    try:
        return DoctorCheck("container engine", "fine", places.engine())
    except StackError as error:
        first = error.diagnostics[0]
        detail = f"{first.detail} Wanted by `target: docker` only."
        return DoctorCheck("container engine", "warning", detail, first.hint)


def _cluster() -> Iterator[DoctorCheck]:
    """Only `target: kubernetes` wants one, and only who has a kubeconfig expects one."""
    if not places.cluster_configured():
        return
    try:
        yield DoctorCheck("cluster", "fine", places.cluster())
    except StackError as error:
        first = error.diagnostics[0]
        detail = f"{first.detail} Wanted by `target: kubernetes` only."
        yield DoctorCheck("cluster", "warning", detail, first.hint)


def _gpus() -> DoctorCheck:
    """Nothing of the demo wants one; a driver that is here and does not work is worth knowing."""
    from stackwright.runtime import gpus as here

    found = here.found()
    if "wrong" in found:
        hint = "see what NVIDIA's own tool says\n    nvidia-smi"
        return DoctorCheck("GPUs", "warning", f"NVIDIA's driver does not work: {found['wrong']}", hint)
    return DoctorCheck("GPUs", "fine", gpus.told(found) if found["devices"] else f"none: {found['none']}")


def _there(path: Path) -> Path:
    """The folder, or the nearest one above that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _writable(which: str, path: Path) -> DoctorCheck:
    if os.access(_there(path), os.W_OK):
        return DoctorCheck(f"{which} folder", "fine", str(path))
    hint = f"choose another with\n    export STACK_{which.upper()}_DIR=/path/you/own"
    return DoctorCheck(f"{which} folder", "missing", f"{path} cannot be written", hint)


def _disk(cache: Path) -> DoctorCheck:
    free = shutil.disk_usage(_there(cache)).free / 1e9
    detail = f"{free:.0f} GB free where environments go; the demo's take about 3 GB"
    if free < 5:
        return DoctorCheck("disk", "warning", detail, "free some, or choose another volume with STACK_CACHE_DIR")
    return DoctorCheck("disk", "fine", detail)


def _logout() -> Iterator[DoctorCheck]:
    """systemd may be told to end what a user leaves behind at logout: then stacks end too."""
    with suppress(OSError):
        told = Path("/etc/systemd/logind.conf").read_text()
        if re.search(r"^\s*KillUserProcesses\s*=\s*yes", told, re.MULTILINE | re.IGNORECASE):
            hint = "keep your processes with\n    loginctl enable-linger"
            yield DoctorCheck("logout", "warning", "logind ends your processes at logout (KillUserProcesses=yes)", hint)
