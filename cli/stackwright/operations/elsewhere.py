"""What runs elsewhere: the user's secrets for it, whether it answers, and taking back what is ours on it."""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Event, Leftover, Progress, WireCheck
from stackwright.operations.find import plan_of
from stackwright.operations.trust import other_folders
from stackwright.operations.work import install, install_job_library
from stackwright.runtime import shares
from stackwright.runtime.grant import revoke_grant
from stackwright.runtime.references import UnavailableError, look_up
from stackwright.runtime.secrets import Secrets

if TYPE_CHECKING:
    from stackwright.model.manifest import Reference
    from stackwright.model.plan import Component, Plan
    from stackwright.runtime.workspace import Workspace


def secrets_of(chosen: Plan, folder: Path, *, run: bool = True) -> dict[str, str]:
    """Every secret that the user has; StackError names all that cannot be had. Without `run`, no command is run."""
    found, missing = {}, []
    for key, reference in chosen.references.items():
        try:
            found[key] = look_up(reference.source, reference.words, folder, run=run)
        except UnavailableError as error:
            missing.append(_missing(key, reference, str(error)))
    if missing:
        raise StackError(missing, Exit.USAGE)
    return found


def check(chosen: Plan, workspace: Workspace, progress: Progress) -> None:
    """Whether everything that runs elsewhere answers, before anything of ours is started."""
    from stackwright.smoke import check_elsewhere

    if not any(component.elsewhere for component in chosen.components):
        return
    _install(chosen, progress)
    progress(Event("", "checking", "what runs elsewhere"))
    checks = check_elsewhere(chosen, workspace.root, Secrets(workspace.secrets_file), other_folders(chosen))
    if broken := [_silent(chosen.component(check.server), check) for check in checks if not check.passed]:
        raise StackError(broken)


def take_back(workspace: Workspace, progress: Progress, keep: Collection[str] = ()) -> tuple[Leftover, ...]:
    """Remove our shares of other people's servers, all but those of these names; what could not be removed."""
    left = []
    ours = [spec for spec in shares.noted(workspace) if spec["name"] not in keep]
    if ours:
        install_job_library(workspace)
        with suppress(StackError):  # then what is left says why
            _install(plan_of(workspace), progress)
    for spec in ours:
        progress(Event(spec["server"], "stopping", f"taking back `{spec['name']}`"))
        if why := revoke_grant(workspace, spec, threading.Event()):
            hint = f"make the server answer, then repeat\n    stack down {workspace.name}"
            left.append(Leftover("share", f"`{spec['name']}` on `{spec['server']}`", why, hint))
    return tuple(left)


def not_taken_back(left: Leftover) -> Diagnostic:
    """A share that stays for now, as a warning."""
    detail = f"{left.what}: {left.detail}"
    return Diagnostic("P032", "share could not be taken back", detail, hint=left.hint, severity="warning")


def _silent(component: Component, check: WireCheck) -> Diagnostic:
    at = f" at {check.address}" if check.address else ""
    detail = f"`{component.id}` ({component.tool}@{component.target}){at}: {check.detail}. Nothing was started."
    hint = "make it answer, or correct what the manifest says of it; then\n    stack up"
    return Diagnostic("P031", "what runs elsewhere does not answer", detail, component.where, hint)


def _install(chosen: Plan, progress: Progress) -> None:
    """What the probes run in."""
    install(next(e for e in chosen.environments if e.key == chosen.jobs.environment), progress)


def _missing(key: str, reference: Reference, why: str) -> Diagnostic:
    component, _, name = key.rpartition(".")
    words = reference.words[0]
    where, hint = {
        "env": ("the variable", f"set it\n    export {words}=…"),
        "file": ("the file", f"put it into the file `{words}`"),
        "command": ("what is said by", f"see what it does with\n    {' '.join(reference.words)}"),
    }[reference.source]
    about = f"\n{reference.about}" if reference.about else ""
    told = "needs" if words == name else f"takes its `{name}` from"
    detail = f"`{component}` {told} {where} `{words}`, and {why}.{about}"
    return Diagnostic("M030", "secret is missing", detail, reference.where, hint)
