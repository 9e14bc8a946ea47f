"""A stack's own cluster, made by Terraform and our provider with a program that stands for `kind`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cloudclis
from stackwright.errors import Exit, StackError
from stackwright.model.cluster import Cluster
from stackwright.model.report import Event
from stackwright.operations import making
from stackwright.places.cloud import CloudError, Thing
from stackwright.runtime.workspace import Workspace, lock, mark_self

KIND = Cluster(provider="kind")


def quiet(_event: Event) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def workspace(user_folders: Path) -> Workspace:
    return Workspace.create(user_folders / ".stack" / "demo", "demo", str(user_folders / "stack.yaml"))


class Kind:
    """A `kind` that remembers its clusters, in the words of the real one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clusters = folder / "clusters"
        self.clusters.mkdir()
        programs = cloudclis.Programs(folder / "programs", monkeypatch)
        script = programs.folder / "kind"
        script.write_text(
            f"""#!/bin/sh
cd {self.clusters}
case "$1 $2" in
  "version ") echo kind v1;;
  "get clusters") ls;;
  "create cluster") echo "Creating $4" >&2; echo > "$4";;
  "get kubeconfig") echo "THE KEY";;
  "delete cluster") rm -f "$4";;
  *) exit 1;;
esac
"""
        )
        script.chmod(0o755)
        monkeypatch.setattr("stackwright.places.docker.about", lambda: "28.0")
        monkeypatch.setattr("stackwright.places.docker.labelled", lambda _label, name: self.named(name))

    def named(self, name: str) -> list[str]:
        return [file.name for file in self.clusters.iterdir() if file.name == name]


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    return Kind(tmp_path, monkeypatch)


def test_a_cluster_comes_and_goes_with_its_stack(kind: Kind, workspace: Workspace) -> None:
    """Made by Terraform, adopted the second time, gone and forgotten at the end; its key is in no state."""
    with lock(workspace, "up"), mark_self(workspace):
        making.bring_up(workspace, KIND, quiet)
        assert kind.named(workspace.id) and making.own(workspace)
        assert (workspace.root / "kubeconfig").read_text().strip() == "THE KEY"
        root = workspace.root / "terraform-cluster"
        assert not [file for file in root.rglob("*") if file.is_file() and b"THE KEY" in file.read_bytes()]
        making.bring_up(workspace, KIND, quiet)
        gone = making.take_down(workspace, quiet)
    assert gone and not gone.left and not gone.notes and not gone.swept
    assert not kind.named(workspace.id) and not making.own(workspace)
    assert not (workspace.root / "kubeconfig").exists()


def test_a_cluster_that_vanished_is_made_again(kind: Kind, workspace: Workspace) -> None:
    """Behind our back, and the stack's memory of it goes, too."""
    with lock(workspace, "up"), mark_self(workspace):
        making.bring_up(workspace, KIND, quiet)
        (kind.clusters / workspace.id).unlink()
        (workspace.root / "cluster").write_text('{"uid": "old", "context": "kind-x"}')
        making.bring_up(workspace, KIND, quiet)
        assert kind.named(workspace.id) and not (workspace.root / "cluster").exists()
        making.take_down(workspace, quiet)


def test_what_terraform_forgot_is_swept(kind: Kind, workspace: Workspace) -> None:
    """State and root are gone, the cluster is not: it is found by asking, and removed."""
    with lock(workspace, "up"), mark_self(workspace):
        making.bring_up(workspace, KIND, quiet)
        for file in (workspace.root / "terraform-cluster").glob("*.tf*"):
            file.unlink()
        gone = making.take_down(workspace, quiet)
    assert gone and [one.what for one in gone.swept] == [workspace.id] and not gone.left
    assert not kind.named(workspace.id)


def test_a_manifest_without_the_cluster_lets_it_go(kind: Kind, workspace: Workspace) -> None:
    """What nobody asks for any more costs nothing any more."""
    with lock(workspace, "up"), mark_self(workspace):
        making.bring_up(workspace, KIND, quiet)
        making.let_go(workspace, KIND, quiet)
        assert kind.named(workspace.id)
        making.let_go(workspace, None, quiet)
        assert not kind.named(workspace.id) and not making.own(workspace)


def test_a_cluster_does_not_move(kind: Kind, workspace: Workspace) -> None:
    """Another provider would leave the first one behind, unseen."""
    making.Note(KIND, "", "", ()).write(workspace)
    with pytest.raises(StackError) as caught:
        making.bring_up(workspace, Cluster(provider="k3s"), quiet)
    (only,) = caught.value.diagnostics
    assert only.code == "P252" and "stack down demo" in only.hint and caught.value.exit_code is Exit.USAGE


def test_the_note_outlives_the_workspace(workspace: Workspace) -> None:
    """Who deletes a folder must not lose sight of machines."""
    note = making.Note(Cluster(provider="gcp-gke", region="here"), "here", "payer", ("here-a",), True)
    note.write(workspace)
    assert making.Note.read(workspace) == note
    assert workspace.root not in making._note(workspace).parents
    assert making._note(workspace).stat().st_mode & 0o777 == 0o600


def test_a_cloud_that_does_not_answer_proves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then `down` says so, and keeps the note."""

    class Silent:
        def things(self, stack: str, region: str) -> list[Thing]:
            raise CloudError("no route to host")

    monkeypatch.setattr(making, "keeper_of", lambda _provider: Silent())
    making.Note(Cluster(provider="gcp-gke", region="here"), "here", "payer", (), True).write(workspace)
    with pytest.raises(StackError) as caught:
        making.take_down(workspace, quiet)
    (only,) = caught.value.diagnostics
    assert only.code == "P250" and "nobody knows" in only.detail and caught.value.exit_code is Exit.LEFTOVERS
    assert making.own(workspace)


def test_what_is_left_in_a_cloud_is_left_of_the_stack(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed, with why it could not go; the note stays."""

    class Stubborn:
        def things(self, stack: str, region: str) -> list[Thing]:
            return [Thing("network", stack, region)]

        def remove(self, thing: Thing) -> None:
            raise CloudError("something else uses it")

    monkeypatch.setattr(making, "keeper_of", lambda _provider: Stubborn())
    monkeypatch.setattr("stackwright.operations.clouds._PAUSE", 0.0)
    making.Note(Cluster(provider="gcp-gke", region="here"), "here", "payer", (), True).write(workspace)
    gone = making.take_down(workspace, quiet)
    assert gone and [(one.kind, one.detail) for one in gone.left] == [("network", "something else uses it")]
    assert making.own(workspace)


def test_a_stack_without_a_cluster_asks_nobody(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most stacks have none."""

    def asked(*_words: Any) -> None:
        raise AssertionError("nobody is to be asked")

    monkeypatch.setattr(making, "look", asked)
    monkeypatch.setattr(making, "keeper_of", asked)
    making.bring_up(workspace, None, quiet)
    making.bring_up(workspace, Cluster(), quiet)
    assert making.take_down(workspace, quiet) is None
    assert making.planned(Cluster(), "demo-000000", None, None, quiet) is None
