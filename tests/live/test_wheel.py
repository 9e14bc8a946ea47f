"""What a user gets from a package index is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*words: str | Path, cwd: Path) -> str:
    """The command's output; a failure shows it."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.live
def test_the_wheel_brings_what_it_needs(tmp_path: Path) -> None:
    """From the wheel alone, every blueprint becomes a manifest that is right, and the catalog has no mistake."""
    uv = Path(sys.executable).with_name("uv")
    run(uv, "build", "--wheel", "--quiet", "--out-dir", tmp_path / "dist", ROOT, cwd=tmp_path)
    run(uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(uv, "pip", "install", "--quiet", "--python", tmp_path / "venv/bin/python", wheel, cwd=tmp_path)
    stack = tmp_path / "venv/bin/stack"
    assert "no mistake" in run(stack, "catalog", "check", cwd=tmp_path)
    for blueprint in sorted((ROOT / "blueprints").glob("[a-z]*.yaml")):
        run(stack, "init", blueprint.stem, "--blueprint", blueprint.stem, "--yes", cwd=tmp_path)
        assert "is right" in run(stack, "validate", "-f", f"{blueprint.stem}/stack.yaml", cwd=tmp_path)
