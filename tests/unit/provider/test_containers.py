"""What the resources of an engine refuse and predict, where there is no engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.provider.resources import table
from stackwright.provider.session import Session
from stackwright.provider.values import UNKNOWN
from stackwright.runtime.workspace import Workspace

SPEC = json.dumps({"component": "db", "processes": [{"name": "main"}], "container": {"name": "n", "volume": "v"}})


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return Session(Workspace.create(tmp_path / ".stack/s", "s", str(tmp_path / "stack.yaml")).root)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("stackwright_image", {"key": "a", "base": "b", "spec": '{"key": "other"}'}),
        ("stackwright_image", {"key": "a", "base": "b", "spec": "{"}),
        ("stackwright_container", {"component": "db", "image": "i", "spec": '{"component": "other"}'}),
    ],
)
def test_specs_of_something_else(session: Session, kind: str, config: dict[str, str]) -> None:
    """A spec that is not of what the resource is for is refused before anything is planned."""
    with pytest.raises(StackError):
        table(session)[kind].validate(config)


def test_what_is_not_known_yet(session: Session) -> None:
    """An image on a base that is made first, and a component in an image that is made first, are known later."""
    image = {"key": "a", "base": UNKNOWN, "spec": "{}"}
    component = {"component": "db", "spec": UNKNOWN, "image": "i", "after": []}

    assert table(session)["stackwright_image"].plan(None, image)["image"] is UNKNOWN
    assert table(session)["stackwright_container"].plan(None, component)["hash"] is UNKNOWN
    assert table(session)["stackwright_network"].plan(None, {"stack": "s"})["id"] is UNKNOWN


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("stackwright_network", {"stack": "s", "id": "1"}),
        ("stackwright_image", {"key": "a", "base": "b", "spec": "{}", "image": "stackwright/a:1"}),
        ("stackwright_container", {"component": "db", "spec": SPEC, "image": "i", "hash": "h", "generation": "g"}),
    ],
)
def test_an_engine_that_is_away_is_no_drift(session: Session, kind: str, state: dict[str, str]) -> None:
    """What cannot be asked for is not taken for gone: it would be made a second time."""
    with pytest.raises(StackError, match="P160"):
        table(session)[kind].read(state)
