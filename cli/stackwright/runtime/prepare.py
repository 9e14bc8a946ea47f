"""A component's folder: made, filled with its files, and prepared by the recipe's own steps."""

from __future__ import annotations

import hashlib
import json
import os
import secrets as random
import shutil
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.folders import state_dir
from stackwright.runtime import interpreters, steps
from stackwright.runtime.files import write_atomic
from stackwright.runtime.journal import Journal
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.shim import open_log
from stackwright.runtime.workspace import remove_tree

_STEP_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one component, and whose it is."""

    spec: dict[str, Any]
    secrets: Secrets

    @property
    def path(self) -> Path:
        """Holds data, run, home, tmp, log, generation and prepared.<n>."""
        return Path(self.spec["folder"])

    @property
    def data(self) -> Path:
        """The tool's own; nothing of ours goes in, because some tools insist on an empty one."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The output of all its processes and steps."""
        return self.path / "log"

    @property
    def user(self) -> steps.User:
        """Who owns it and runs in it."""
        return steps.user_of(self.spec)

    def generation(self) -> str | None:
        """Which data folder this is; None where there is none, or one that the next start will make afresh."""
        marked = self._marked()
        return marked if marked and self.data.is_dir() and not self._unfinished(marked) else None

    def make(self) -> None:
        """Folders, the entry's copy, and files with their secrets: everything a process finds when it starts."""
        if self.user:
            _open_the_way(self.path.parent)
        self._folder(self.path)
        if not self._marked():
            self._renew()
        for place in (self.data, *(self.path / name for name in ("run", "home", "tmp"))):
            self._folder(place)
        entry = self.spec.get("entry")
        if entry:
            self._copy(Path(entry["from"]), Path(entry["to"]))
        for file in self.spec.get("files", ()):
            path = Path(file["path"])
            self._folder(path.parent)
            write_atomic(path, self.secrets.fill(file["content"]).encode(), mode=0o600)
            self._own(path)
        if self.user:
            self._check_reach()

    def prepare(
        self, env: dict[str, str], tell: Callable[[str], None], cancel: threading.Event, journal: Journal
    ) -> None:
        """Run the steps that are due. `once` steps own the data folder: until all have succeeded it starts afresh."""
        afresh = self._unfinished(self._marked())
        if afresh:
            tell("making its data folder")
            self._renew()
            remove_tree(self.data)
            self._folder(self.data)
        every = self.spec.get("prepare", ())
        last_once = max((n for n, step in enumerate(every) if step["run"] == "once"), default=-1)
        for number, step in enumerate(every):
            if number == last_once + 1:
                self._mark_made()
            marker = self.path / f"prepared.{number}"
            wanted = self._inputs(step, env) if step["run"] == "changed" else ""
            if {"once": afresh, "changed": _read(marker) != wanted, "always": True}[step["run"]]:
                component, cwd = self.spec["component"], f"{self.path}/run"
                argv = steps.words(step["command"], component)
                ask = steps.Step("prepare", component, str(number), argv, env, cwd, self.user, _STEP_TIMEOUT)
                self._run(ask, tell, cancel, journal)
            if wanted:
                _mark(marker, wanted)
        self._mark_made()

    @property
    def _made(self) -> Path:
        """Says which data folder is made. A recipe that gets a `once` step later must not wipe what is in use."""
        return self.path / "prepared.once"

    def _mark_made(self) -> None:
        _mark(self._made, self._marked() or "")

    def _unfinished(self, generation: str | None) -> bool:
        """Whether there are `once` steps that have not all succeeded in this data folder."""
        return any(step["run"] == "once" for step in self.spec.get("prepare", ())) and _read(self._made) != generation

    def _inputs(self, step: dict[str, Any], env: dict[str, str]) -> str:
        """What a `changed` step depends on, hashed. A new version is another environment, and its data may be old."""
        parts = [step["command"], self.spec.get("files"), env, self.spec["environment"]["key"], self._marked()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _run(self, ask: steps.Step, tell: Callable[[str], None], cancel: threading.Event, journal: Journal) -> None:
        tell(f"preparing with `{Path(ask.argv[0]).name}`")
        before = steps.size(self.log)
        log = open_log(str(self.log))
        try:
            status = steps.run(ask, log, cancel, journal)
        finally:
            os.close(log)
        if status != 0:
            what = f"is prepared with `{ask.argv[0]}`, which {steps.ended(status, _STEP_TIMEOUT)}"
            said = self.secrets.redact(steps.tail(self.log, before))
            raise StackError(
                steps.failure("P122", "prepare step failed", ask.component, self.spec["tool"], what, log=said)
            )

    def _marked(self) -> str | None:
        # Without a data folder the mark means nothing: whatever comes next is another generation.
        return _read(self.path / "generation") if self.data.is_dir() else None

    def _renew(self) -> None:
        for marker in self.path.glob("prepared.*"):
            marker.unlink()
        write_atomic(self.path / "generation", random.token_hex(8).encode())

    def _folder(self, path: Path) -> None:
        """Make a folder only its user may enter."""
        if not path.is_dir():
            if path.is_relative_to(self.path) and path != self.path:
                self._folder(path.parent)
            path.mkdir(mode=0o700, parents=path == self.path)
            self._own(path)

    def _own(self, path: Path) -> None:
        if self.user:
            os.chown(path, *self.user, follow_symlinks=False)

    def _copy(self, source: Path, target: Path) -> None:
        """The catalog's folder where the tool's user can read it; taken anew each time, it is small."""
        fresh = target.with_name(f".{target.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__", "proof"))
        for place in (fresh, *fresh.rglob("*")):
            self._own(place)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)

    def _check_reach(self) -> None:
        """Refuse what the unprivileged user could not enter, before the tool fails with a riddle."""
        python = Path(self.spec["environment"]["prefix"]) / "bin/python"
        needed = [self.path.parent, python.parent]
        path = os.pathsep.join([*self.spec.get("path", ()), str(python.parent)])
        for ask in (*self.spec.get("prepare", ()), *self.spec["processes"]):
            program = shutil.which(str(ask["command"][0]), path=path)
            if program and Path(program).parent == python.parent:  # a script of Python's, which will need it
                needed.append(python)
        for place in needed:
            if not interpreters.open_to_others(place):
                raise StackError(_closed(self.spec, place.resolve()))


def _open_the_way(parent: Path) -> None:
    """Make the folders above a component's, and let its user pass through those that are ours."""
    parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    state = state_dir()
    for place in (parent, *parent.parents):
        if place == state or state in place.parents:
            place.chmod(place.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)


def _mark(path: Path, text: str) -> None:
    if _read(path) != text:
        write_atomic(path, text.encode())


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _closed(spec: dict[str, Any], place: Path) -> Diagnostic:
    return Diagnostic(
        code="P121",
        summary="folder is closed to the tool's user",
        detail=f"`{spec['component']}` ({spec['tool']}@process) refuses to run as root, so it runs as `nobody`, who "
        f"may not enter `{place}`.",
        hint="put environments and state, and Python itself, where every user may read:\n"
        "    STACK_CACHE_DIR=/var/cache/stackwright STACK_STATE_DIR=/var/lib/stackwright stack up",
    )
