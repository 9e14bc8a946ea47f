"""What somebody has who has just cloned Stackwright: the working tree, an account that is not root's, a short PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from livestack import uv_cache
from stackwright.folders import cache_dir
from stackwright.runtime import uv
from stackwright.runtime.interpreters import discover, matches, open_to_others

ROOT = Path(__file__).parents[1]
_LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", ".stack", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
_USUAL = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True)
class Run:
    """What a command came to."""

    code: int
    said: str  # stdout and stderr, and where it ran isolated the census
    seconds: float

    @property
    def census(self) -> str:
        """What the census found."""
        return "\n".join(line for line in self.said.splitlines() if line.startswith("census: "))

    @property
    def cpu(self) -> str:
        """CPU seconds of everything that ran, and the machine's load."""
        return next((line.partition(" ")[2] for line in self.said.splitlines() if line.startswith("cpu: ")), "")


@dataclass(frozen=True)
class Newcomer:
    """A clone and a folder of programs, in a place that every user may enter."""

    place: Path

    @property
    def clone(self) -> Path:
        """The working tree as the next commit would have it."""
        if not (folder := self.place / "clone").exists():
            shutil.copytree(ROOT, folder, ignore=_LEFT_BEHIND)
        return folder

    def only(self, *programs: str, **under: Path) -> Path:
        """A folder for PATH with these programs of this machine, and these files under these names."""
        folder = Path(tempfile.mkdtemp(prefix="bin-", dir=self.place))
        folder.chmod(0o755)
        for name, file in {**{name: _found(name) for name in programs}, **under}.items():
            (folder / name).symlink_to(file)
        return folder

    def run(self, *words: str, path: Path, timeout: float = 240, **variables: str) -> Run:
        """A command in the clone, with the machine's package caches, and folders of its own for everything else."""
        home, kept = self.place / "home", ("LANG", "LC_ALL")
        home.mkdir(exist_ok=True)
        registry = {n: v for n, v in uv.environment(os.environ).items() if n.startswith(("UV_", "SSL_"))}
        registry |= {n: v for n, v in os.environ.items() if n.startswith("PIP_") or n.lower().endswith("_proxy")}
        env = {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **registry,
            "HOME": str(home),
            "PATH": str(path),
            "UV_CACHE_DIR": str(uv_cache()),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache/pip"),
            "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"),
            "STACK_CACHE_DIR": str(self.place / "cache"),
            "STACK_STATE_DIR": str(self.place / "state"),
            **variables,
        }
        return _run([shutil.which(words[0], path=str(path)) or words[0], *words[1:]], self.clone, env, timeout)

    def run_alone(self, *words: str, path: Path, hide: Iterable[Path] = (), timeout: float = 240) -> Run:
        """A command in namespaces of its own, as an ordinary user, with no network and a census before and after."""
        command = [sys.executable, str(ROOT / "tests/isolated.py"), "--offline"]
        command += [f"--allow={folder}" for folder in (self.place, cache_dir())]
        command += [f"--hide={file}" for file in hide]
        command += ["--user=nobody"] if os.geteuid() == 0 else []
        env = ["env", "-i", "HOME=/tmp/home", f"PATH={path}", f"STACK_CACHE_DIR={cache_dir()}", "LANG=C.UTF-8"]
        return _run([*command, "--", *env, *words], self.clone, dict(os.environ), timeout)


def pythons(specifier: str) -> list[Path]:
    """This machine's interpreters in a range, newest first; for root also those that only root can run."""
    found = [python for python in discover(specifier) if matches(python.version, specifier)]
    return [Path(python.path) for python in sorted(found, key=lambda python: python.version, reverse=True)]


def open_python() -> Path:
    """An interpreter for tools that every user of this machine may run; skips the test where there is none."""
    for python in pythons(">=3.11,<3.14"):
        if os.geteuid() != 0 or open_to_others(python):
            return python
    pytest.skip("no Python 3.11 to 3.13 that every user of this machine may run")


def everywhere(program: str) -> set[Path]:
    """Every place where this machine has a program of that name."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_USUAL]
    return {file.resolve() for folder in folders if (file := Path(folder, program)).is_file()}


def _found(program: str) -> Path:
    # pyenv's folder of shims comes first on some PATHs, and a shim does nothing without pyenv.
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).name != "shims"]
    found = shutil.which(program, path=os.pathsep.join([*folders, *_USUAL]))
    assert found, f"this machine has no `{program}`"
    return Path(found)


def _run(words: Sequence[str], folder: Path, env: dict[str, str], timeout: float) -> Run:
    began = time.monotonic()
    done = subprocess.run(
        words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=timeout, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, time.monotonic() - began)
