"""The installer as a program, which is how images get their environments."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def test_what_cannot_be_installed_is_told_as_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors leave as JSON with their code, so that whoever runs it can tell them in its own words."""
    monkeypatch.setenv("STACK_CACHE_DIR", str(tmp_path / "cache"))
    spec = {"v": 1, "key": "k", "python": ">=9", "lock": None, "packages": [], "prefix": str(tmp_path / "env")}
    (tmp_path / "spec.json").write_text(json.dumps(spec))

    command = [sys.executable, "-m", "stackwright.runtime.installer", str(tmp_path / "spec.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [error["code"] for error in json.loads(done.stdout)["errors"]] == ["P101"]
