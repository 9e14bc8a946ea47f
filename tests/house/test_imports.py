"""Imports walk down only; the contracts are in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the packages in that folder."""
    words = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_contracts_are_kept() -> None:
    """No import of the program breaks a contract."""
    done = lint(ROOT / "cli")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("model/report.py", "import stackwright.catalog"),
        ("views/status.py", "import stackwright.operations"),
        ("commands/status.py", "import stackwright.runtime"),
        ("resolve/wire.py", "import stackwright.manifest"),
        ("operations/up.py", "import rich"),
        ("commands/exec.py", "import subprocess"),
    ],
)
def test_contracts_can_be_broken(file: str, line: str, tmp_path: Path) -> None:
    """An import upwards, sideways, past a room, or of a library outside its room is found."""
    shutil.copytree(ROOT / "cli", tmp_path / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    wrong = tmp_path / "cli/stackwright" / file
    wrong.write_text(wrong.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = lint(tmp_path / "cli")
    assert done.returncode == 1
    assert f"stackwright.{file.removesuffix('.py').replace('/', '.')}" in done.stdout
