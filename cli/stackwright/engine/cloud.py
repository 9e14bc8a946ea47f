"""Drives Terraform over a root of a cloud's own provider: a change takes minutes, and the state may lie elsewhere."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from stackwright.engine import hosted
from stackwright.engine.events import Said
from stackwright.engine.run import Engine
from stackwright.errors import Diagnostic, StackError
from stackwright.model.report import Change
from stackwright.provider.session import Session

_LOCKED = "Error acquiring the state lock"
_LOOK = 0.5  # seconds between two looks at what Terraform has written
_PHASES = {"create": "making", "update": "changing", "delete": "removing", "replace": "replacing"}


class Lock(NamedTuple):
    """What a state says of who is working on it."""

    id: str
    who: str  # user@machine

    @classmethod
    def read(cls, said: str) -> Lock | None:
        """Out of the words in which Terraform refuses."""
        found = dict(re.findall(r"^\s*(ID|Who):\s+(\S.*?)\s*$", said, re.MULTILINE))
        return cls(found["ID"], found.get("Who", "")) if _LOCKED in said and "ID" in found else None


class CloudEngine(Engine):
    """See `Engine`. Whoever drives it has ended what an earlier command left running (`operations/clouds.py`).

    A lock of this user on this machine is therefore nobody's any more, and is opened.
    """

    @property
    def _whole(self) -> Path:
        return self.folder / ".terraform" / "whole"

    def plan(self, destroy: bool = False) -> list[Change]:
        """What `apply` (or `destroy`) would do."""
        return self._unlocked("plan", ["-destroy"] if destroy else [])

    def apply(self) -> list[Change]:
        """Make everything as the root says."""
        self._applied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._applied.touch()
        self._whole.unlink(missing_ok=True)
        changes = self._unlocked("apply", ["-auto-approve"])
        self._whole.touch()
        return changes

    @property
    def whole(self) -> bool:
        """Whether the last apply came to its end, so that the state has all that was made."""
        return self._whole.is_file()

    def known(self) -> str:
        """The text of the state, wherever it lies; empty where there is none that can be read."""
        try:
            return self._run("state", "pull").read_text(encoding="utf-8")
        except StackError:
            return ""

    def destroy(self) -> list[Change]:
        """Unmake everything in the state.

        One thing that cannot be read would keep all of it; then it is unmade as the state says, unread.
        """
        try:
            return self._unlocked("destroy", ["-auto-approve"])
        except StackError:
            return self._unlocked("destroy", ["-auto-approve", "-refresh=false"])

    def outputs(self) -> dict[str, Any]:
        """The root's outputs as the last apply left them."""
        log = self._run("output", "-json")
        return {name: output["value"] for name, output in json.loads(log.read_text(encoding="utf-8")).items()}

    def _unlocked(self, verb: str, arguments: list[str]) -> list[Change]:
        """With the lock of a command of ours that was killed out of the way."""
        try:
            return self._changes(verb, arguments)
        except StackError as error:
            lock = next(filter(None, (Lock.read(one.detail) for one in error.diagnostics)), None)
            if lock is None:
                raise
            if lock.who != _me():
                raise StackError(_somebody_elses(lock)) from None
            self.progress("", "unlocking", "the state, whose last command was killed")
            self._run("force-unlock", "-force", lock.id)
            return self._changes(verb, arguments)

    def _terraform(self, verb: str, arguments: list[str], session: Session) -> Said:
        with _told(self.root / "logs" / f"terraform-{verb}.jsonl", self):
            return super()._terraform(verb, arguments, session)

    def _run(self, verb: str, *arguments: str) -> Path:
        """A command that neither plans nor changes; returns the file that it wrote to."""
        self.init()
        log = self.root / "logs" / f"terraform-{verb}.jsonl"
        session = Session(self.root, self.progress)
        outcome = hosted.run(self._program, [verb, *arguments], self.folder, log, session)
        if outcome.returncode != 0:
            detail = f"`terraform {verb}` said: {outcome.said.noise.strip()}"
            raise StackError(Diagnostic("E032", "Terraform's state cannot be used", detail))
        return log

    def _fingerprint(self) -> str:
        """Where the state lies matters, too."""
        backend = self.folder / "backend.tf"
        return super()._fingerprint() + (backend.read_text(encoding="utf-8") if backend.is_file() else "")


@contextmanager
def _told(log: Path, engine: Engine) -> Iterator[None]:
    """What Terraform writes to its log, told while it works."""
    log.unlink(missing_ok=True)  # that of the run before
    ended = threading.Event()
    follower = threading.Thread(target=_follow, args=(log, engine, ended), daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join(5)


def _follow(log: Path, engine: Engine, ended: threading.Event) -> None:
    place, last = 0, False
    while not last:
        last = ended.wait(_LOOK)
        with suppress(OSError), log.open("rb") as file:
            file.seek(place)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # the rest of it comes
                place += len(line)
                with suppress(ValueError):
                    _tell(json.loads(line), engine)


def _tell(event: Any, engine: Engine) -> None:
    if not isinstance(event, Mapping) or event.get("type") not in ("apply_start", "apply_progress", "apply_complete"):
        return
    hook = event["hook"]
    what = str(hook["resource"]["addr"]).rsplit("module.cluster.", maxsplit=1)[-1]
    if event["type"] == "apply_complete":
        engine.progress(what, "done", f"in {hook.get('elapsed_seconds', 0)} s")
    else:
        engine.progress(what, _PHASES.get(hook["action"], hook["action"]), "")


def _me() -> str:
    """As Terraform writes it into a lock."""
    import getpass
    import socket

    return f"{getpass.getuser()}@{socket.gethostname()}"


def _somebody_elses(lock: Lock) -> Diagnostic:
    return Diagnostic(
        "E033",
        "state is locked by somebody else",
        f"`{lock.who}` is working on what this stack has in a cloud, or was when the command was killed there.",
        hint="wait for it to end; where it was killed, say so in the folder of the root\n"
        f"    terraform force-unlock {lock.id}",
    )
