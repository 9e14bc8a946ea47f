"""Programs of this machine that tools call: looked for before anything starts, and put on those tools' PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, StackError

if TYPE_CHECKING:
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
    callers = callers_of({f"`{c.id}` ({c.tool})": c.system for c in chosen.components})
    missing = [_missing(program, by) for program, by in callers.items() if not find(program)]
    if missing:
        raise StackError(missing)


def link(chosen: Plan, workspace: Workspace) -> None:
    """Only these programs come from the user's PATH, and nothing else that lies beside them there."""
    for program in sorted({program for component in chosen.components for program in component.system}):
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
    command = next((words for manager, words in _INSTALLERS.items() if shutil.which(manager)), "")
    return f"install it with\n    {command} {program}" if command else "install it with this system's package manager"


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
