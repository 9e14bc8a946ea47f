"""An engine that does not answer is told with its address and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import docker
import pytest

from stackwright.errors import StackError
from stackwright.places.docker import engine


def why() -> tuple[str, str]:
    with pytest.raises(StackError) as caught:
        engine.connect()
    return caught.value.diagnostics[0].detail, caught.value.diagnostics[0].hint


def test_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The address that the user chose is named, and the cause without Python's talk about it."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    detail, hint = why()

    assert detail == f"Nothing answers at `unix://{tmp_path}/none.sock` (`DOCKER_HOST`): No such file or directory."
    assert "unset DOCKER_HOST" in hint


def test_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped address is no crash."""
    monkeypatch.setenv("DOCKER_HOST", "nonsense://x")

    assert "`nonsense://x`" in why()[0]


def test_context(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the variable the current context counts, as it does for `docker` itself."""
    import hashlib

    folder = tmp_path / "contexts/meta" / hashlib.sha256(b"far").hexdigest()
    folder.mkdir(parents=True)
    endpoint = {"Host": f"unix://{tmp_path}/far.sock", "SkipTLSVerify": False}
    (folder / "meta.json").write_text(json.dumps({"Name": "far", "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "far"}))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    detail, hint = why()

    assert f"{tmp_path}/far.sock" in detail and "far" in detail
    assert "systemctl start docker" in hint


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("unix:///run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://localhost:2375", True),
        ("tcp://far.example:2375", False),
    ],
)
def test_near(address: str, near: bool) -> None:
    """An engine whose ports are published on another machine's loopback is told from one of this machine."""
    with docker.APIClient(base_url=address, version="1.41") as client:
        assert engine.near(client) is near
