"""What an install inside a container gets of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.places.docker import baggage


def test_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where packages come from goes along; places of this machine and the user's own secrets do not."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://index.example/simple")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    env = baggage._env()

    assert env["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert env["https_proxy"] == "http://proxy.example:3128"
    assert "UV_FIND_LINKS" not in env and "AWS_SECRET_ACCESS_KEY" not in env
    assert env["UV_CACHE_DIR"].startswith(baggage.PLACE) and env["HOME"].startswith(baggage.PLACE)


def test_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's settings of those who fetch packages go along, readable to the installer alone."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/uv/uv.toml").write_text('index-url = "https://u:p@index.example"')
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id").write_text("key")

    items = {item.path: item for item in baggage._home()}

    assert set(items) == {"home", "home/.config", "home/.config/uv", "home/.config/uv/uv.toml"}
    assert items["home/.config/uv/uv.toml"].mode == 0o600
