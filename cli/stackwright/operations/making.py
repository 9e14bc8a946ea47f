"""The cluster of a stack, made before everything else of it and taken away after it.

That there may be one is written down beside the index of stacks, and not in the workspace, before anything is made:
who deletes the folder of a stack must not lose sight of machines that cost money.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.cluster import LOCAL, Cluster, ClusterPlan
from stackwright.model.report import Change, Event, Leftover, Progress
from stackwright.operations.cluster import Look, keeper_of, look, mistake
from stackwright.operations.work import teller
from stackwright.places import kubernetes
from stackwright.places.cloud import CloudError
from stackwright.runtime import index
from stackwright.runtime.files import write_atomic
from stackwright.runtime.workspace import lock, mark_self

if TYPE_CHECKING:
    from stackwright.engine.cloud import CloudEngine
    from stackwright.engine.run import Engine
    from stackwright.runtime.workspace import Workspace

_FOLDER = "terraform-cluster"  # of the workspace: the root that is applied first
_CHARTS = "charts.tf"


class Note(NamedTuple):
    """What is known of the cluster of a stack wherever its workspace is."""

    cluster: Cluster
    region: str
    account: str
    zones: tuple[str, ...]
    begun: bool = False  # an apply was: there may be some of it, or all

    @classmethod
    def read(cls, workspace: Workspace | None) -> Note | None:
        """None where the stack has no cluster of its own."""
        if workspace is None or not _note(workspace).is_file():
            return None
        told = json.loads(_note(workspace).read_text())
        zones, cluster = tuple(told["zones"]), Cluster.model_validate(told["cluster"])
        return cls(cluster, told["region"], told["account"], zones, told["begun"])

    def write(self, workspace: Workspace) -> None:
        """Whole or not at all."""
        told = {**self._asdict(), "v": 1, "cluster": self.cluster.model_dump(mode="json", exclude={"where", "places"})}
        write_atomic(_note(workspace), json.dumps(told).encode())


def own(workspace: Workspace) -> bool:
    """Whether the stack has a cluster of its own, or may have half of one."""
    return _note(workspace).is_file()


def planned(
    cluster: Cluster | None, stack: str, workspace: Workspace | None, prices: Path | None, progress: Progress
) -> ClusterPlan | None:
    """What `up` would make; a cluster that is there is not asked about again, as it is in the quotas itself."""
    if cluster is None or not cluster.made:
        return None
    note = Note.read(workspace)
    plan = _look(cluster, stack, note, progress, prices).plan
    if workspace is None or note is None or not note.begun:
        return plan._replace(changes=(Change(stack, "cluster", "add"),))
    with lock(workspace, "plan"), mark_self(workspace):
        prepare(workspace, cluster, progress)
        return plan._replace(changes=tuple(_engine(workspace, note, progress).plan()))


def bring_up(workspace: Workspace, cluster: Cluster | None, progress: Progress) -> None:
    """The cluster, made or brought to what the manifest says, with its kubeconfig in the workspace."""
    if cluster is None or not cluster.made:
        return
    from stackwright.operations.clouds import end_terraform
    from stackwright.render.cluster import charts_tf

    note = prepare(workspace, cluster, progress)
    engine = _engine(workspace, note, progress)
    end_terraform(workspace, progress)
    engine.init()
    note._replace(begun=True).write(workspace)
    if any(one.action in ("add", "replace") and one.kind.endswith("cluster") for one in engine.apply()):
        kubernetes.disclaim(workspace)  # what it remembers is another one
    told = engine.outputs()
    if told["kubeconfig"]:  # else our own provider has put it there, as it has a key in it
        write_atomic(workspace.root / "kubeconfig", told["kubeconfig"].encode())
    charts = workspace.terraform / _CHARTS
    charts.parent.mkdir(mode=0o700, exist_ok=True)
    if told["charts"]:
        write_atomic(charts, charts_tf(told["charts"]).encode())
    else:
        charts.unlink(missing_ok=True)


def prepare(workspace: Workspace, cluster: Cluster, progress: Progress) -> Note:
    """Everything asked, and the root written; nothing is made, and what was made stays known."""
    from stackwright.render.cluster import Asked, render_cluster

    before = Note.read(workspace)
    seen = _look(cluster, workspace.id, before, progress)
    plan, zones = seen.plan, seen.zones or (before.zones if before else ())
    note = Note(_bare(cluster), plan.region, plan.account, zones, bool(before and before.begun))
    note.write(workspace)
    asked = Asked(cluster, workspace.id, str(workspace.root), plan.region, plan.account, plan.pools, zones)
    render_cluster(asked, workspace.root / _FOLDER)
    return note


def eject(workspace: Workspace, cluster: Cluster | None, out: Path) -> tuple[Path, ...]:
    """The cluster's root as a project of its own below `out`, whose state is ours, too; its folder, if there is one."""
    if cluster is None or not cluster.made:
        return ()
    from stackwright.render.cluster import charts_of_root_tf

    root, home = workspace.root / _FOLDER, out / "cluster"
    home.mkdir(mode=0o700, exist_ok=True)
    if not root.is_symlink():
        root.symlink_to(os.path.relpath(home, workspace.root))
    prepare(workspace, cluster, lambda _event: None)
    if cluster.provider not in LOCAL:
        write_atomic(out / _CHARTS, charts_of_root_tf().encode())
    return (home,)


def _look(cluster: Cluster, stack: str, note: Note | None, progress: Progress, prices: Path | None = None) -> Look:
    """What its cloud says; of a cluster that is there only what has changed is asked, as it is in the quotas itself."""
    if note and (cluster.provider, cluster.region or note.region) != (note.cluster.provider, note.region):
        raise StackError(_moved(cluster, note, stack), Exit.USAGE)
    if note and note.begun:
        there = cluster.model_copy(update={"region": note.region})
        return look(there, stack, prices, account=note.account, changed=note.cluster != _bare(cluster))
    progress(Event("", "checking", f"what {cluster.provider} has to offer"))
    return look(cluster, stack, prices)


def let_go(workspace: Workspace, cluster: Cluster | None, progress: Progress) -> None:
    """Where the manifest wants none any more, what ran on it is gone by now, and it goes, too."""
    if (cluster and cluster.made) or not own(workspace):
        return
    gone = take_down(workspace, progress)
    if gone and gone.left:
        things = ", ".join(f"{thing.kind} {thing.what}" for thing in gone.left)
        detail = f"The manifest has no cluster any more, and of {gone.name} this is still there: {things}."
        hint = f"try again, or see it all go\n    stack down {workspace.name}"
        raise StackError(Diagnostic("P253", "cluster is still there", detail, hint=hint), Exit.LEFTOVERS)


class Gone(NamedTuple):
    """What became of a cluster."""

    name: str  # with where it was
    swept: tuple[Leftover, ...]
    left: tuple[Leftover, ...]
    notes: tuple[Leftover, ...]


def take_down(workspace: Workspace, progress: Progress) -> Gone | None:
    """The cluster gone, and proven gone by asking its cloud for what there is of the stack; None where it has none."""
    from stackwright.operations.clouds import take_down as gone

    note = Note.read(workspace)
    if note is None:
        return None
    root = workspace.root / _FOLDER
    there = (root / "main.tf").is_file() and (note.begun or (root / "terraform.tfstate").is_file())
    engine = _engine(workspace, note, progress) if there else None
    try:
        taken = gone(engine, keeper_of(note.cluster.provider), workspace.id, note.region, progress)
    except CloudError as error:
        then = f"So nobody knows whether there still is something of `{workspace.id}` in {note.region or 'it'}"
        raise StackError(mistake(note.cluster, error, then), Exit.LEFTOVERS) from None
    if not taken.left:
        _note(workspace).unlink(missing_ok=True)
        (workspace.root / "kubeconfig").unlink(missing_ok=True)
    where = f" in {note.region}" if note.region else ""
    return Gone(f"{note.cluster.provider} {workspace.id}{where}", taken.swept, taken.left, taken.notes)


def _bare(cluster: Cluster) -> Cluster:
    """Without where the manifest says it."""
    return cluster.model_copy(update={"where": None, "places": {}})


def _moved(cluster: Cluster, note: Note, stack: str) -> Diagnostic:
    """A cluster cannot move, and the old one must not be forgotten."""
    was, now = (
        f"{c.provider}{f' in {r}' if r else ''}" for c, r in ((note.cluster, note.region), (cluster, cluster.region))
    )
    detail = f"The cluster of `{stack}` is {was}; the manifest says {now}. It cannot move with what is on it."
    hint = f"take the stack down, with its cluster, and bring it up anew\n    stack down {stack.rpartition('-')[0]}"
    return Diagnostic("P252", "cluster is somewhere else", detail, cluster.where, hint)


def _note(workspace: Workspace) -> Path:
    return index.cluster(workspace.id)


def _engine(workspace: Workspace, note: Note, progress: Progress) -> Engine | CloudEngine:
    """Ours is hosted by an engine of its own kind; a cloud's provider is Terraform's own business."""
    folder = workspace.root / _FOLDER
    if note.cluster.provider in LOCAL:
        from stackwright.engine.run import Engine

        return Engine(workspace.root, folder, teller(progress))
    from stackwright.engine.cloud import CloudEngine

    return CloudEngine(workspace.root, folder, teller(progress))
