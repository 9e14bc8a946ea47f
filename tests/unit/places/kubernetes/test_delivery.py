"""How images get to nodes: what the manifest says, or the context's name gives away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import apiserver
from stackwright.errors import StackError
from stackwright.places.kubernetes import cluster, delivery
from stackwright.places.kubernetes.delivery import Way
from stackwright.runtime.workspace import Workspace

IMAGE = "stackwright/tinydb-1:83017fa3069d"


@pytest.mark.parametrize(
    ("section", "context", "way"),
    [
        ({"registry": "host:5000/path/"}, "any", Way("registry", "host:5000/path")),
        ({}, "kind-here", Way("kind", "here")),
        ({"load": "kind"}, "kind-here", Way("kind", "here")),
        ({}, "k3d-there", Way("k3d", "there")),
        ({"load": "containerd"}, "any", Way("containerd")),
        ({"load": "containerd"}, "kind-here", Way("containerd")),
    ],
)
def test_the_way(section: dict[str, Any], context: str, way: Way) -> None:
    """A registry first, then what is said, then what the name says."""
    assert delivery.way_of(section, context) == way


def test_no_way() -> None:
    """A context that says nothing, in a manifest that says nothing."""
    with pytest.raises(StackError) as error:
        delivery.way_of({}, "production")
    assert error.value.diagnostics[0].code == "P187"


def test_what_pods_call_it() -> None:
    """By its registry, or as here."""
    assert delivery.reference(Way("registry", "host:5000/ml"), IMAGE) == "host:5000/ml/tinydb-1:83017fa3069d"
    assert delivery.reference(Way("containerd"), IMAGE) == IMAGE


class Engine:
    """Images of this machine, and where they were pushed."""

    def __init__(self) -> None:
        self.there: set[str] = set()

    def saved(self, image: str) -> Iterator[bytes]:
        yield from (b"image ", image.encode())

    def push(self, image: str, reference: str, tell: Any, cancel: Any) -> None:
        self.there.add(reference)

    def pushed(self, reference: str) -> bool:
        return reference in self.there


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's store: a program called `ctr` that keeps what it is given."""
    folder, kept = tmp_path / "bin", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    (folder / "ctr").write_text(
        f"""#!/bin/sh
case "$4" in
ls) ls {kept} | sed 's,+,/,g' ;;
import) [ -e {tmp_path}/full ] && {{ echo no space left on device >&2; exit 1; }}
  cat > {kept}/new; mv {kept}/new "{kept}/docker.io+$(sed 's,image ,,; s,/,+,g' {kept}/new)" ;;
rm) rm "{kept}/$(echo "$5" | sed 's,/,+,g')" ;;
esac
"""
    )
    (folder / "ctr").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path


def ensured(ws: Workspace, engine: Engine, section: dict[str, Any]) -> str:
    """Delivered."""
    import threading

    told: list[Any] = []
    return delivery.ensure(
        ws,
        "tinydb-1",
        IMAGE,
        section,
        engine=engine,
        progress=lambda *words: told.append(words),
        cancel=threading.Event(),
    )


def test_into_a_nodes_store(api: apiserver.Api, ws: Workspace, store: Path) -> None:
    """Loaded once; gone from the node when nobody else needs it, and not before."""
    engine, section = Engine(), {"load": "containerd"}
    assert ensured(ws, engine, section) == IMAGE
    assert delivery.there(ws, IMAGE, section, engine)

    container = {"image": f"docker.io/{IMAGE}"}
    other = {"metadata": {"name": "p", "namespace": "other"}, "spec": {"containers": [container]}}
    api.lists("/api/v1/pods", other)
    found = cluster.connect(ws)
    assert delivery.loaded(found, ws) == {}
    api.lists("/api/v1/pods", {**other, "metadata": {"name": "p", "namespace": ws.id}})
    assert delivery.loaded(found, ws) == {IMAGE: Way("containerd")}

    delivery.unload(Way("containerd"), IMAGE)
    assert not delivery.there(ws, IMAGE, section, engine)
    assert delivery.loaded(found, ws) == {}


def test_a_store_that_refuses(api: apiserver.Api, ws: Workspace, store: Path) -> None:
    """What the program said is told, with the command that failed."""
    (store / "full").touch()
    with pytest.raises(StackError) as error:
        ensured(ws, Engine(), {"load": "containerd"})
    found = error.value.diagnostics[0]
    assert found.code == "P188" and "no space left" in found.detail and "ctr -n k8s.io images import" in found.detail


def test_to_a_registry(api: apiserver.Api, ws: Workspace) -> None:
    """Pushed under the registry's name; what is in a registry is none of the node's, and stays."""
    engine, section = Engine(), {"registry": "host/ml"}
    called = ensured(ws, engine, section)

    assert called == "host/ml/tinydb-1:83017fa3069d" and delivery.there(ws, called, section, engine)
    assert delivery.loaded(cluster.connect(ws), ws) == {} and delivery.pushed(ws) == [called]
