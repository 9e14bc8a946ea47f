"""Clusters on this machine's engine, with programs that stand for `kind` and `k3d`: what they are told, and when."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

import cloudclis
from stackwright.errors import StackError
from stackwright.places import local
from stackwright.places.cloud import Thing
from stackwright.runtime.workspace import Workspace


class Engine:
    """Which containers carry a label."""

    nodes: list[str] = []

    @classmethod
    def labelled(cls, label: str, value: str) -> list[str]:
        return [name for name in cls.nodes if name.startswith(value)]


@pytest.fixture
def programs(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> cloudclis.Programs:
    """kind and k3d that know no cluster, and an engine without containers."""
    found = cloudclis.Programs(user_folders / "programs", monkeypatch)
    there(found, [])
    monkeypatch.setattr(Engine, "nodes", [])
    monkeypatch.setattr("stackwright.places.docker.about", lambda: "28.0")
    monkeypatch.setattr("stackwright.places.docker.labelled", Engine.labelled)
    return found


def there(programs: cloudclis.Programs, clusters: list[str], **more: Any) -> None:
    said: dict[str, Any] = {"version": {"said": "v1"}, "get clusters": {"said": "\n".join(clusters)}}
    said |= {"get kubeconfig": {"said": "KIND KEY"}, "create cluster": {"said": ""}, "delete cluster": {"said": ""}}
    said |= {"cluster list": [{"name": name} for name in clusters], "kubeconfig get": {"said": "K3D KEY"}}
    said |= {"cluster create": {"said": ""}, "cluster delete": {"said": ""}}
    for name in ("kind", "k3d"):
        programs.put(name, said | more)


@pytest.fixture
def workspace(user_folders: Path) -> Workspace:
    return Workspace.create(user_folders / ".stack" / "demo", "demo", str(user_folders / "stack.yaml"))


def ensure(workspace: Workspace, kind: str, nodes: int = 0) -> local.Seen:
    return local.ensure(workspace, kind, nodes, lambda *_: None, threading.Event())


@pytest.mark.parametrize(("kind", "context", "key"), [("kind", "kind-", "KIND KEY"), ("k3s", "k3d-", "K3D KEY")])
def test_a_cluster_is_made_and_its_key_kept_private(
    programs: cloudclis.Programs, workspace: Workspace, kind: str, context: str, key: str
) -> None:
    """The kubeconfig lies in the workspace, for its owner only; the user's own is not touched."""
    seen = ensure(workspace, kind)
    file = workspace.root / "kubeconfig"
    assert seen == local.Seen(workspace.id, f"{context}{workspace.id}")
    assert file.read_text().strip() == key and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(workspace.root.glob("kubeconfig.*")) and not list(workspace.root.glob("*.json.new"))


@pytest.mark.parametrize("kind", ["kind", "k3s"])
def test_a_cluster_that_is_whole_is_adopted(programs: cloudclis.Programs, workspace: Workspace, kind: str) -> None:
    """Nothing is made twice."""
    ensure(workspace, kind)
    there(programs, [workspace.id])
    before = len(programs.asked)
    assert ensure(workspace, kind) == local.find(workspace, kind)
    assert not [one for one in programs.asked[before:] if "create" in one or "delete" in one]


@pytest.mark.parametrize("kind", ["kind", "k3s"])
def test_half_a_cluster_is_removed_and_made_anew(programs: cloudclis.Programs, workspace: Workspace, kind: str) -> None:
    """A program that was killed has left one under its name, without a kubeconfig."""
    there(programs, [workspace.id])
    assert local.find(workspace, kind) is None
    ensure(workspace, kind)
    done = [word for one in programs.asked for word in one.split() if word in ("create", "delete")]
    assert done == ["delete", "create"]


def test_a_name_that_is_too_long_for_a_program_is_cut_before_its_digits(user_folders: Path) -> None:
    """k3d takes 32 letters; the six digits tell stacks apart."""
    name = local.PROGRAMS["k3s"].cluster("a-stack-with-quite-a-long-name-1f2e3d")
    assert len(name) <= 32 and name.endswith("-1f2e3d")


def test_a_missing_program_says_where_to_get_it(programs: cloudclis.Programs) -> None:
    """Before anything is made."""
    (programs.folder / "kind").unlink()
    with pytest.raises(StackError) as caught:
        local.require("kind")
    (only,) = caught.value.diagnostics
    assert only.code == "P244" and "https://kind.sigs.k8s.io" in only.hint


def test_a_program_that_fails_is_quoted(programs: cloudclis.Programs, workspace: Workspace) -> None:
    """Its own last words are the reason, and no key is left behind."""
    there(programs, [], **{"create cluster": "failed to pull image kindest/node"})
    with pytest.raises(StackError) as caught:
        ensure(workspace, "kind")
    (only,) = caught.value.diagnostics
    assert only.code == "P245" and "failed to pull image" in only.detail
    assert not list(workspace.root.glob("kubeconfig*"))


def test_what_is_left_is_told_by_the_engine_too(programs: cloudclis.Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node's container that the program no longer lists is still there."""
    keeper = local.Local("kind")
    assert keeper.things("demo-1f2e3d", "") == []
    monkeypatch.setattr(Engine, "nodes", ["demo-1f2e3d-control-plane"])
    assert keeper.things("demo-1f2e3d", "") == [Thing("cluster", "demo-1f2e3d", "kind")]
    keeper.remove(Thing("cluster", "demo-1f2e3d", "kind"))
    assert programs.asked[-1] == "kind delete cluster --name demo-1f2e3d"


def test_what_kind_is_given_is_what_it_reads(programs: cloudclis.Programs, tmp_path: Path) -> None:
    """One node for the control plane, workers beside it, each with the stack's label."""
    file = tmp_path / "kind.json"
    local.PROGRAMS["kind"].making("demo-1f2e3d", 2, file)
    config = json.loads(file.read_text())
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker", "worker"]
    assert all(node["labels"] == {"stackwright.stack": "demo-1f2e3d"} for node in config["nodes"])
