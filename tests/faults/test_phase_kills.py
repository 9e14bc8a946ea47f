"""kill -9 of keeper and Terraform once in each phase: the command gets over it or says so, and nothing is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

import livestack
from livestack import Live, Unchanged, until
from stackwright.folders import cache_dir
from stackwright.operations.plan import validate

pytestmark = livestack.FAULTS
VICTIMS = ("keeper", "terraform")
# Phase -> what `up` or `down` says when it begins.
SAID = {
    "installing": " installing",
    "starting": " starting",
    "waiting": " waiting",
    "granting": " granting",
    "destroying": " stopping",
}


class Told:
    """What a command has said so far; read all the time, or it would wait for us."""

    def __init__(self, command: subprocess.Popen[str]) -> None:
        self.command, self.text = command, ""
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.command.stderr
        for line in self.command.stderr:
            self.text += line

    def end(self) -> int:
        """The exit code, when all has been said."""
        assert self.command.stdout
        said = self.command.stdout.read()
        self._reader.join(120)
        self.text += said
        return self.command.wait(10)


def phases(victim: str) -> None:
    """In namespaces of our own: the victim is killed in one phase after the other; a JSON line each."""
    with livestack.place() as root:
        stack = Live(root / "tiny").write()
        unchanged = Unchanged(root)
        for phase in ("init", *SAID):
            _make_ready(stack, victim, phase)
            told = _killed(stack, victim, phase)
            began = time.monotonic()
            code = told.end()
            livestack.report(victim=victim, phase=phase, code=code, seconds=round(time.monotonic() - began, 1))
            # A keeper is replaced on the way; without Terraform, `up` cannot go on, and `down` sweeps.
            assert code == (1 if victim == "terraform" and phase != "destroying" else 0), told.text
            if phase != "destroying":
                stack.down()
            unchanged.check(f"{victim} killed in phase {phase}")


def _make_ready(stack: Live, victim: str, phase: str) -> None:
    """What must be there, or not be there, so that the phase comes and the victim lives in it."""
    if phase == "installing":
        for prefix in cache_dir().glob("environments/dvc-*"):  # nobody waits for this one
            shutil.rmtree(prefix) if prefix.is_dir() else prefix.unlink()
    elif phase == "destroying":
        stack.stack("up", "--quiet")
    elif phase == "init" and victim == "keeper":  # a new stack has none so early
        stack.stack("up", "--quiet")
        (stack.root / "terraform/.terraform/initialised").unlink()


def _killed(stack: Live, victim: str, phase: str) -> Told:
    command = stack.start("down" if phase == "destroying" else "up")
    told = Told(command)
    find: Callable[[], int] = getattr(stack, victim)
    if phase == "init":
        until(lambda: stack.steps()[-1:] and stack.steps()[-1]["id"] == "init")
    elif phase == "installing":
        until(lambda: "database                  ready" in told.text, 60)  # there is a keeper, and dvc takes longest
    else:
        until(lambda: SAID[phase] in told.text)
    pid = until(find)
    assert command.poll() is None, f"the command was faster\n{told.text}"
    livestack.kill(pid)
    return told


@pytest.fixture
def caches(tmp_path: Path) -> Iterator[list[Path]]:
    """A cache for each victim to take things from: the user's environments, linked."""
    manifest = Live(tmp_path).write().folder / "stack.yaml"
    livestack.warm(manifest)
    made = [Path(tempfile.mkdtemp(prefix="stack-faults-", dir=cache_dir().parent)) for _ in VICTIMS]
    for own in made:
        own.chmod(0o755)
        for spec in validate(manifest).environments:
            source = Path(spec.prefix)
            shutil.copytree(source, own / "environments" / source.name, symlinks=True, copy_function=os.link)
    yield made
    for own in made:
        shutil.rmtree(own)


def test_killed_in_each_phase(caches: list[Path]) -> None:
    """Keeper or Terraform killed in any phase: the command ends by itself, `down` exits 0, and nothing is left."""
    runs = [livestack.alone(__file__, victim, cache=own) for victim, own in zip(VICTIMS, caches, strict=True)]
    said = [livestack.reports(livestack.finished(run)) for run in runs]
    assert [[step["phase"] for step in steps] for steps in said] == [["init", *SAID]] * len(VICTIMS)


if __name__ == "__main__":
    phases(sys.argv[1])
