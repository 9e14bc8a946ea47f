"""Which stack a command is about: a manifest beside us, a manifest named with -f, or a name known to the index."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.runtime import index
from stackwright.runtime.workspace import Workspace

MANIFEST = "stack.yaml"
PROOF = "prove-"  # and the tool: the name of the stack that it is proven in
DEMO = "demo"  # the blueprint, and the name of its stack


@dataclass(frozen=True)
class Target:
    """The stack a command is about; without a workspace it was never up, without a manifest only its index is left."""

    manifest: Path | None
    workspace: Workspace | None
    name: str


def find(file: Path | None = None, name: str | None = None) -> Target:
    """The stack of that name from the index, else the one of `file`, else the one of ./stack.yaml."""
    if name and not file:
        return _by_name(name)
    path = (file / MANIFEST if file and file.is_dir() else file or Path(MANIFEST)).absolute()
    if not path.is_file():
        raise StackError(_no_manifest(path, given=file is not None), Exit.USAGE)
    known = {w.id: w for w in (*_beside(path), *Workspace.all())}  # the index too: the folder may have been deleted
    mine = [w for w in known.values() if Path(w.manifest) == path and (not name or w.name == name)]
    if len(mine) == 1:
        return Target(path, mine[0], mine[0].name)
    return Target(path, None, name or "")


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
    raise StackError(
        Diagnostic(
            "U002",
            "stack is not up",
            f"The stack of {where} was never started, or it was taken down.",
            hint=f"start it with\n    stack up{place}",
        ),
        Exit.USAGE,
    )


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


def _no_manifest(path: Path, *, given: bool) -> Diagnostic:
    detail = f"`{path}` is not a file." if given else f"There is no `{MANIFEST}` in `{path.parent}`."
    hint = "make one with\n    stack init\nor see all nine layers at work first:\n    stack demo"
    if yours := names():
        hint += f"\nor name the stack that you mean: {', '.join(yours)}"
    return Diagnostic("U001", "no manifest", detail, hint="name the file with -f PATH" if given else hint)
