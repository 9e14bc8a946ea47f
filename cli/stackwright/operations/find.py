"""Which stack a command is about: a manifest beside us, a manifest named with -f, or a name known to the index."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.model.plan import Plan

MANIFEST = "stack.yaml"
PROOF = "prove-"  # and the tool: the name of the stack that it is proven in
DEMO = "demo"  # the blueprint, and the name of its stack


@dataclass(frozen=True)
class Target:
    """The stack a command is about; without a workspace it is down, without a manifest only its index is left."""

    manifest: Path | None
    workspace: Workspace | None
    name: str  # empty where it is down and was not named: `called` asks the manifest

    @property
    def called(self) -> str:
        """What to call the stack: its name, else where its manifest lies."""
        return self.name or (_name_in(self.manifest) if self.manifest else "") or str(self.manifest)


def find(file: Path | None = None, name: str | None = None) -> Target:
    """The stack of that name from the index, else the one of `file`, else the one of ./stack.yaml.

    A name that the index does not know may be that of the manifest: its stack is down.
    """
    path = (file / MANIFEST if file and file.is_dir() else file or Path(MANIFEST)).absolute()
    if name and not file:
        try:
            return _by_name(name)
        except StackError:
            if _name_in(path) != name:
                raise
    if not path.is_file():
        raise StackError(_no_manifest(path, given=file is not None), Exit.USAGE)
    known = {w.id: w for w in (*_beside(path), *Workspace.all())}  # the index too: the folder may have been deleted
    mine = [w for w in known.values() if Path(w.manifest) == path and (not name or w.name == name)]
    if len(mine) > 1:  # it was renamed while it was up
        mine.sort(key=lambda w: w.name != _name_in(path))
    if name and not mine and (own := _name_in(path)) != name:
        detail = f"`{path}` is the manifest of `{own}`, and no stack `{name}` was started from it."
        hint = "leave out the name or the file"
        raise StackError(Diagnostic("U003", "manifest is of another stack", detail, hint=hint), Exit.USAGE)
    return Target(path, mine[0], mine[0].name) if mine else Target(path, None, name or "")


def names() -> list[str]:
    """The names of this user's stacks."""
    return [workspace.name for workspace in Workspace.all()]


def _beside(manifest: Path) -> list[Workspace]:
    found = []
    for file in sorted(manifest.parent.glob(".stack/*/stack.json")):
        with suppress(StackError):  # a copy of another stack's folder
            found.append(Workspace.open(file.parent))
    return found


def workspace_of(target: Target) -> Workspace:
    """The workspace of a stack that must have been up."""
    if target.workspace:
        return target.workspace
    where = f"`{target.manifest}`" if target.manifest else f"`{target.name}`"
    elsewhere = target.manifest and target.manifest.parent != Path.cwd()
    place = f" -f {target.manifest}" if elsewhere else ""
    detail = f"The stack of {where} was never started, or it was taken down."
    hint = f"start it with\n    stack up{place}"
    raise StackError(Diagnostic("U002", "stack is not up", detail, hint=hint), Exit.USAGE)


def plan_of(workspace: Workspace) -> Plan:
    """The plan the stack was last brought up with."""
    from pydantic import ValidationError

    from stackwright.model.plan import Plan

    if not workspace.plan_file.is_file():
        detail = f"`{workspace.name}` has no plan: its `up` was stopped early."
        raise StackError(Diagnostic("S002", "stack was never whole", detail, hint="bring it up with\n    stack up"))
    try:
        return Plan.model_validate_json(workspace.plan_file.read_text())
    except ValidationError:
        detail = f"`{workspace.plan_file}` is not as this release of Stackwright writes it."
        hint = "have it written anew\n    stack up"
        raise StackError(Diagnostic("S003", "plan is of another release", detail, hint=hint)) from None


def demo_folder() -> Path:
    """Where the demo's manifest and workspace lie, unless told otherwise."""
    return folders.state_dir() / DEMO


def forget_own(manifest: Path) -> None:
    """A manifest in a folder of ours, the demo's or a proof's, goes with its stack; those that people wrote stay."""
    place = manifest.parent
    if place == demo_folder() or (place.parent == folders.state_dir() and place.name.startswith(PROOF)):
        shutil.rmtree(manifest.parent, ignore_errors=True)
        index.tidy()


def _by_name(name: str) -> Target:
    workspace = Workspace.find(name)
    manifest = Path(workspace.manifest)
    return Target(manifest if manifest.is_file() else None, workspace, workspace.name)


def _name_in(manifest: Path) -> str:
    """What a manifest calls its stack; empty where it cannot be read."""
    from stackwright.yamlfile import read_yaml  # late: the index knows most stacks

    with suppress(StackError):
        return str(read_yaml(manifest).data.get("name", ""))
    return ""


def _no_manifest(path: Path, *, given: bool) -> Diagnostic:
    detail = f"`{path}` is not a file." if given else f"There is no `{MANIFEST}` in `{path.parent}`."
    hint = "make one with\n    stack init\nor see all nine layers at work first:\n    stack demo"
    if yours := names():
        hint += f"\nor name the stack that you mean: {', '.join(yours)}"
    return Diagnostic("U001", "no manifest", detail, hint="name the file with -f PATH" if given else hint)
