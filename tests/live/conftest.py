"""A newcomer with the demo's packages in the cache: downloaded once, before anything that has no network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import livestack
from newcomer import Newcomer, Run, everywhere, open_python
from stackwright.folders import cache_dir
from stackwright.operations.init import init
from stackwright.runtime.interpreters import open_to_others

NEEDED = ("make", "sh", "rm", "touch", "git")
SUPERFLUOUS = ("dpkg", "docker", "terraform", "tofu")


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    """A clone without a .venv."""
    with livestack.place() as place:
        yield Newcomer(place)


@pytest.fixture(scope="session")
def settled() -> Iterator[Newcomer]:
    """A clone whose .venv `make` has made, and all of the demo's environments in the cache."""
    python = open_python()
    with tempfile.TemporaryDirectory() as folder:
        livestack.warm(init(Path(folder), None, "demo", {}, force=False))
    if os.geteuid() == 0:
        closed = [path.parent for path in cache_dir().glob("environments/*/bin/python") if not open_to_others(path)]
        if closed:
            pytest.skip(f"not every user may run what is in {closed[0]}")
    with livestack.place() as place:
        new = Newcomer(place)
        made = new.run("make", ".venv/run.stamp", path=new.only(*NEEDED, python3=python))
        assert made.code == 0, made.said
        yield new


@pytest.fixture(scope="session")
def demonstration(settled: Newcomer) -> Run:
    """`make demo` of an ordinary user, with no network and nothing on PATH but what it needs."""
    path = settled.only(*NEEDED)
    hidden = {file for program in SUPERFLUOUS for file in everywhere(program)}
    lacking = " && ".join(f"! command -v {program}" for program in SUPERFLUOUS)
    return settled.run_alone("sh", "-c", f"{lacking} && exec make demo", path=path, hide=hidden, timeout=400)
