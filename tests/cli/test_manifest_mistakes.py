"""A manifest with every usual mistake, as a user meets it: the real catalog, the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = """\
name: churn
layers:
  database: postgres
  storage: {tool: swift, target: cloud-gcp}
  orchestraton: prefect
  compute-engine: {tool: dask, settings: {workers: two}}
  experiment-tracking: mlfow
"""
MISTAKES = {  # place -> code and what to type instead
    (4, 34): ("M010", "target: process"),
    (5, 3): ("M007", "did you mean `orchestration`?"),
    (6, 43): ("R006", "workers: 2"),
    (7, 24): ("R001", "did you mean `mlflow`?"),
}


def stack(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`stack` beside that manifest."""
    (folder / "stack.yaml").write_text(MANIFEST)
    return subprocess.run(
        [sys.executable, "-m", "stackwright.app", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", ["up", "plan", "validate"])
def test_four_mistakes_at_once(command: str, user_folders: Path) -> None:
    """A target not built, a misspelt layer, a wrong type and an unknown tool: each with its place, all in one run."""
    done = stack(user_folders, command, "--json")
    found = {
        (told["where"]["line"], told["where"]["column"]): (told["code"], told["hint"])
        for told in json.loads(done.stdout)["diagnostics"]
    }
    assert (done.returncode, done.stderr) == (2, "")
    assert found.keys() == MISTAKES.keys()
    for place, (code, typed) in MISTAKES.items():
        assert found[place][0] == code
        assert typed in found[place][1]
    assert sorted(path.name for path in user_folders.iterdir()) == ["stack.yaml"]  # and nothing was begun


def test_as_the_readme_shows_it(user_folders: Path) -> None:
    """What the README shows is what is printed, to the letter."""
    done = stack(user_folders, "up")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert f"```console\n$ stack up\n{done.stderr}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")
