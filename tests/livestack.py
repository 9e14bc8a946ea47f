"""A small real stack driven by the real command line, for the tests that kill, steal and break things.

Everything goes through `stack` as a process of its own, from a folder of its own: what a user's shell would do.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import census
from stackwright.folders import cache_dir
from stackwright.operations.plan import validate
from stackwright.runtime import install, journal, process, units, uv

TESTS = Path(__file__).parent
NAME = f"tiny{os.getpid()}"  # ports go by the name, and several may run at once
NAMESPACES = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount", "--net")
STACK = (sys.executable, "-m", "stackwright.app")
FAULTS = [pytest.mark.faults, pytest.mark.skipif(not process.LINUX, reason="looks into /proc")]
LAYERS = {"database": "postgres", "storage": "swift", "data-versioning": "dvc"}


def uv_cache() -> Path:
    """Where uv keeps unpacked packages."""
    done = subprocess.run([uv.find(), "cache", "dir"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


@dataclass
class Live:
    """One stack: its manifest's folder, and the user's state folder that knows it."""

    folder: Path
    name: str = NAME
    variables: dict[str, str] = field(default_factory=dict)  # of every command's environment
    prefix: tuple[str, ...] = ()  # what every command is run by
    patience: float = 240  # seconds for one command

    def write(self, layers: Mapping[str, Any] = LAYERS) -> Live:
        """Write the manifest: a JSON document is a YAML document."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "stack.yaml").write_text(json.dumps({"name": self.name, "layers": layers}))
        return self

    @property
    def root(self) -> Path:
        """The workspace."""
        return self.folder / ".stack" / self.name

    def start(
        self, *words: str, folder: Path | None = None, session: bool = False, **variables: str
    ) -> subprocess.Popen[str]:
        """A command under way, in the manifest's folder unless told otherwise."""
        return subprocess.Popen(
            [*self.prefix, *STACK, *words],
            cwd=folder or self.folder,
            env={**os.environ, "STACK_STATE_DIR": str(self.folder.parent / "state"), **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=session,
            text=True,
        )

    def stack(self, *words: str, code: int = 0, folder: Path | None = None, **variables: str) -> str:
        """A command to its end, and what it printed; it must exit with `code`."""
        command = self.start(*words, folder=folder, **variables)
        out, err = command.communicate(timeout=self.patience)
        assert command.returncode == code, f"stack {' '.join(words)}: exit {command.returncode}\n{out}\n{err}"
        return out + err

    def answer(self, *words: str, codes: Collection[int] = (0,)) -> dict[str, Any]:
        """The result that a command gives to programs."""
        command = self.start(*words, "--json")
        out, err = command.communicate(timeout=self.patience)
        assert command.returncode in codes, f"stack {' '.join(words)}: exit {command.returncode}\n{out}\n{err}"
        return dict(json.loads(out)["result"])

    def down(self, *words: str, code: int = 0) -> str:
        """Down from another folder, by name: what somebody does who finds the stack in `stack list`."""
        return self.stack("down", self.name, *words, code=code, folder=Path("/"))

    def processes(self) -> dict[str, dict[str, Any]]:
        """Every process as `status` shows it, by `<component>/<name>`."""
        components = self.answer("status", codes=(0, 1))["components"]
        return {f"{c['id']}/{p['name']}": p for c in components for p in c["processes"]}

    def pids(self) -> dict[str, int]:
        """The pid of every process."""
        return {name: shown["pid"] for name, shown in self.processes().items()}

    def keeper(self) -> int:
        """The keeper's pid; 0 where none runs."""
        return next((proc.pid for proc in self.marked() if proc.name == "stack-keeper"), 0)

    def terraform(self) -> int:
        """The pid of the Terraform that was started last; 0 where it has ended."""
        pids = [step["pid"] for step in self.steps() if (step["op"], step["kind"]) == ("spawned", "terraform")]
        return pids[-1] if pids and pids[-1] in {proc.pid for proc in self.marked()} else 0

    def shim(self, unit: str) -> int:
        """The pid of a process's watchdog."""
        found = units.read(self.root / "keeper", unit)
        assert found
        return found.shim.pid

    def marked(self) -> list[process.Proc]:
        """Every process that carries the stack's watermark, whoever knows of it."""
        number = self.watermark()
        return [proc for proc in process.snapshot().values() if number and process.watermark(proc.pid) == number]

    def watermark(self) -> int:
        """The number on everything that the stack starts; 0 where the stack is not known any more."""
        entries = (json.loads(entry.read_text()) for entry in (self.folder.parent / "state/stacks").glob("*.json"))
        return next((int(entry["watermark"]) for entry in entries if entry["name"] == self.name), 0)

    def steps(self) -> list[dict[str, Any]]:
        """What commands have written down before they did it."""
        return journal.read(self.root / "journal/client.jsonl")


@contextmanager
def place() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's are not: some tools run as somebody else when we are root."""
    root = Path(tempfile.mkdtemp(prefix="stack-faults-"))
    root.chmod(0o755)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def live(root: Path, name: str = NAME, layers: Mapping[str, Any] = LAYERS) -> Iterator[Live]:
    """A stack that is down in the end, whatever happened to it."""
    stack = Live(root / name, name).write(layers)
    try:
        yield stack
    finally:
        if stack.watermark():
            stack.down()


def warm(manifest: Path) -> None:
    """Install a stack's environments into the user's cache, so that what follows needs no network."""
    for spec in validate(manifest).environments:
        install.ensure_environment({"v": 1, **spec.model_dump(mode="json")}, lambda *_: None, threading.Event())


def until(true: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for something to become true, and return it; fails when it does not."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"still not true after {seconds} s"
        time.sleep(0.02)
    return found


def kill(*pids: int) -> None:
    """SIGKILL."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


class Unchanged:
    """Compares censuses of this machine with the one taken when it was made; for a machine of one's own."""

    def __init__(self, root: Path) -> None:
        self._folders = [root]
        self._allowed = [cache_dir(), uv_cache(), TESTS.parent]  # the last for bytecode, in a fresh clone
        self._before = self._census()

    def check(self, after: str) -> None:
        """Nothing came and nothing went; what is on its way out gets a moment."""
        end = time.monotonic() + 2.0
        while changed := census.diff(self._before, self._census()):
            assert time.monotonic() < end, f"after {after}:\n" + "\n".join(changed[:40])
            time.sleep(0.05)

    def _census(self) -> census.Things:
        return census.snapshot(self._folders, self._allowed)


def alone(script: str, *words: str, cache: Path | None = None) -> subprocess.Popen[str]:
    """Start a Python script in namespaces of its own, where nothing else runs and a census is exact."""
    if subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine grants no namespaces of our own, without which a census is not exact")
    caches = {"STACK_CACHE_DIR": cache or cache_dir(), "UV_CACHE_DIR": uv_cache()}
    allowed = [f"--allow={folder}" for folder in (*caches.values(), TESTS.parent)]
    command = [sys.executable, str(TESTS / "isolated.py"), "--offline", *allowed]
    variables = {name: str(folder) for name, folder in caches.items()}
    variables |= {"PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [*command, "--", sys.executable, script, *words],
        cwd=TESTS.parent,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(script: subprocess.Popen[str], seconds: float = 300) -> str:
    """What a script said; it must have ended well and in time, and nothing of it goes on otherwise."""
    try:
        said, _ = script.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for child in process.descendants(script.pid):  # `unshare` dies, and all that is in its namespaces
            kill(child.pid)
        said, _ = script.communicate()
        raise AssertionError(f"not done after {seconds} s\n{said}") from None
    assert script.returncode == 0, said
    return said


def report(**values: Any) -> None:
    """A line of JSON for the test that started this script."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def reports(said: str) -> list[dict[str, Any]]:
    """What a script has reported."""
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]
