"""What every test shares: user folders that are the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache and state of this test alone."""
    monkeypatch.setenv("STACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    return tmp_path
