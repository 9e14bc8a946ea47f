"""Programs of this machine that tools call: looked for before anything starts, and put on those tools' PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.install import environment_complete
from stackwright.runtime.sources import PACKAGES, PROGRAMS

if TYPE_CHECKING:
    from stackwright.model.catalog import Recipe
    from stackwright.model.plan import Plan
    from stackwright.runtime.workspace import Workspace

# What every process of a stack has on its PATH anyway, and where Homebrew puts things.
_USUAL = ("/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin")
_INSTALLERS = {
    "apt-get": "apt install",
    "dnf": "dnf install",
    "apk": "apk add",
    "pacman": "pacman -S",
    "zypper": "zypper install",
    "brew": "brew install",
}


def require(chosen: Plan) -> None:
    """StackError names every program that is missing, who calls it, and how to get it."""
    called: dict[str, Iterable[str]] = {f"`{c.id}` ({c.tool})": c.system for c in chosen.components}
    called["`jobs` of the manifest"] = chosen.jobs.system
    for environment in chosen.environments:
        if environment.sources and not environment.base and not environment_complete(environment.spec):
            called[f"the install of `{environment.key}`"] = [p for s in environment.sources for p in PROGRAMS[s]]
    missing = [_missing(program, by) for program, by in callers_of(called).items() if not find(program)]
    if missing:
        raise StackError(missing)


def link(chosen: Plan, workspace: Workspace) -> None:
    """Only these programs come from the user's PATH, and nothing else that lies beside them there."""
    called = [program for component in chosen.components for program in component.system]
    for program in sorted({*called, *chosen.jobs.system}):
        if found := find(program):
            workspace.programs.mkdir(exist_ok=True)
            place = workspace.programs / program
            place.unlink(missing_ok=True)
            place.symlink_to(found)


def find(program: str) -> str | None:
    """Where a program is, by the user's PATH and then by everybody's."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *_USUAL]))


def how_to_get(program: str) -> str:
    """What to type, where this machine's package manager is a known one."""
    if program in PROGRAMS["debian"]:
        return "Debian's packages are for Debian, Ubuntu and their relatives; choose another tool for this machine"
    command = next((words for manager, words in _INSTALLERS.items() if shutil.which(manager)), "")
    program = PACKAGES.get(program, program)
    return f"install it with\n    {command} {program}" if command else "install it with this system's package manager"


def called_by(recipe: Recipe) -> list[str]:
    """What a tool and its install call."""
    return [*recipe.install.system, *(program for source in recipe.install.sources for program in PROGRAMS[source])]


def callers_of(recipes: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Each program with those who call it, from those with the programs they call."""
    found: dict[str, list[str]] = {}
    for caller, programs in recipes.items():
        for program in programs:
            found.setdefault(program, []).append(caller)
    return found


def _missing(program: str, callers: list[str]) -> Diagnostic:
    detail = f"{' and '.join(callers)} {'calls' if len(callers) == 1 else 'call'} `{program}`, which is not on PATH."
    return Diagnostic("P140", "program is missing", detail, hint=how_to_get(program))
