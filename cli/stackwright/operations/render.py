"""Write a stack as a project that plain Terraform or OpenTofu runs."""

from __future__ import annotations

from pathlib import Path

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Rendered
from stackwright.operations import making, programs
from stackwright.operations.find import Target
from stackwright.operations.plan import planned, resolved
from stackwright.operations.up import settle
from stackwright.runtime.workspace import Workspace, lock


def render(target: Target, out: Path) -> Rendered:
    """The project in `out`, a new folder or one rendered before; nothing is started.

    It is a stack of its own, with a workspace in `out`: `status`, `logs`, `smoke` and `down` know it by its name.
    """
    from stackwright.engine.plugin import vendor
    from stackwright.render import readme

    out = out.absolute()
    manifest, chosen = resolved(Target(target.manifest, None, target.name))
    programs.require(chosen)
    root = out / ".stack" / manifest.name
    if out.exists() and not (root / "stack.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise StackError(_occupied(out), Exit.USAGE)
    workspace = Workspace.create(root, manifest.name, str(out / "stack.yaml"))
    with lock(workspace, "render"):
        if not workspace.terraform.is_symlink():
            workspace.terraform.symlink_to(Path("..", ".."))  # so that our commands and Terraform's share one state
        cluster = making.eject(workspace, chosen.cluster, out)
        chosen = settle(manifest, workspace, planned(manifest, workspace))
        for folder in (out, *cluster):
            vendor(folder)
        (out / "README.md").write_text(readme(chosen), encoding="utf-8")
        (out / ".gitignore").write_text(".stack/\n.terraform/\n*.tfstate*\n")
    files = sorted(
        str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and ".stack" not in path.parts
    )
    return Rendered(workspace.name, str(out), tuple(files))


def _occupied(out: Path) -> Diagnostic:
    detail = f"`{out}` is there already, and is no project that `stack render` wrote for this stack."
    hint = "choose another one\n    stack render --out NEW_FOLDER"
    return Diagnostic("U006", "folder is not empty", detail, hint=hint)
