"""What is on a newcomer's PATH, and what is not: it runs, or one sentence says what is missing and how to get it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

import livestack
from newcomer import Newcomer, Run, everywhere, open_python, pythons
from stackwright.operations.init import init
from stackwright.operations.plan import validate

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("demo")]
NEEDED = ("make", "sh", "rm", "touch")
USUAL = ("/usr/local/bin", "/usr/bin", "/bin")
VERSIONS = "{name: versions, layers: {storage: swift, data-versioning: dvc}}"
SMALL = "name: small\nlayers:\n  database: postgres\n  storage: swift\n"


def test_no_containers_no_packages_no_terraform(demonstration: Run) -> None:
    """Without dpkg, docker and terraform, on PATH or anywhere else, the demo runs."""
    assert demonstration.code == 0, demonstration.said


def test_no_git(settled: Newcomer) -> None:
    """Without git the demo says so, says how to get it, and has started and installed nothing."""
    path = settled.only(*NEEDED)
    run = settled.run_alone("make", "demo", path=path, hide=everywhere("git"))
    assert run.code == 2, run.said  # make's own
    said, _, rest = run.said.partition("make: ")
    assert "error[P140]: program is missing\n  `data-versioning` (dvc) calls `git`, which is not on PATH." in said
    assert "hint: install it with" in said
    assert "Error 1" in rest
    assert "starting" not in said and "installing" not in said and "Traceback" not in said
    assert run.census.startswith("census: equal ("), run.said


def test_git_elsewhere(settled: Newcomer, tmp_path: Path) -> None:
    """Where git is not on the user's PATH but in one of the folders that every machine has, that one is taken."""
    if not any(Path(folder, "git").exists() for folder in USUAL):
        pytest.skip("git is in an unusual place")
    (tmp_path / "stack.yaml").write_text(VERSIONS)
    livestack.warm(tmp_path / "stack.yaml")
    stack = str(settled.clone / ".venv/bin/stack")
    steps = f"mkdir ~/x && cd ~/x && echo '{VERSIONS}' > stack.yaml && {stack} up --quiet && {stack} smoke"
    run = settled.run_alone("sh", "-c", f"{steps}; {stack} down && rm -r ~/x", path=settled.only("sh", "mkdir", "rm"))
    assert run.code == 0, run.said
    assert re.search(r"✓  data set versioned and read back +data-versioning", run.said), run.said


def test_only_python_3_13(newcomer: Newcomer) -> None:
    """With only Python 3.13, `make` sets up with it, a stack comes up in it, and all the demo's packages fit it."""
    found = pythons(">=3.13,<3.14")
    if not found:
        pytest.skip("no Python 3.13 on this machine")
    path = newcomer.only(*NEEDED, "git", **dict.fromkeys(("python3", "python3.13"), found[0]))
    made = newcomer.run("make", ".venv/run.stamp", path=path)
    assert made.code == 0, made.said
    stack = str(newcomer.clone / ".venv/bin/stack")
    (newcomer.clone / "stack.yaml").write_text(SMALL)
    try:
        for words in (["up", "--quiet"], ["smoke"]):
            run = newcomer.run(stack, *words, path=path)
            assert run.code == 0, run.said
    finally:
        down = newcomer.run(stack, "down", path=path)
    assert down.code == 0, down.said
    markers = list(newcomer.place.glob("cache/environments/*/complete.json"))
    assert {json.loads(marker.read_text())["python"].rpartition(".")[0] for marker in markers} == {"3.13"}
    for environment in validate(init(newcomer.place, None, "demo", {}, force=False)).environments:
        packages = ["--require-hashes", "-r", environment.lock] if environment.lock else environment.packages
        words = ["pip", "install", "--dry-run", "--python", ".venv/bin/python", *packages]
        fits = newcomer.run(str(newcomer.clone / ".venv/bin/uv"), *words, path=path)
        assert fits.code == 0, fits.said


def test_python_that_cannot_make_environments(newcomer: Newcomer) -> None:
    """Debian's bare Python has no ensurepip: `make` says what to install, and leaves no half a .venv."""
    python = open_python()
    where = [python, "-c", "import ensurepip; print(ensurepip.__path__[0])"]
    folder = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    path = newcomer.only(*NEEDED, python3=python)
    newcomer.clone.chmod(0o777)
    run = newcomer.run_alone("make", "demo", path=path, hide=[folder])
    assert run.code == 2
    assert "This Python cannot make environments (on Debian: apt install python3-venv)." in run.said
    assert not (newcomer.clone / ".venv").exists()


def test_no_python(newcomer: Newcomer) -> None:
    """Without a Python that is new enough, `make` says which is needed and how to name one."""
    path = newcomer.only(*NEEDED)
    (path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (path / "python3").chmod(0o755)
    run = newcomer.run("make", "demo", path=path)
    assert run.code == 2
    assert run.said.startswith("Stackwright needs Python 3.11 or newer; none was found on PATH.")
