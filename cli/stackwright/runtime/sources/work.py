"""What every source of software gets to work with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime import program


@dataclass(frozen=True, slots=True)
class Work:
    """One source's part of an environment that is being built in `part` and will lie at `prefix`."""

    key: str
    wanted: tuple[str, ...]
    lock: Path | None  # the entry's file of hashes, where this source has one
    part: Path
    prefix: Path
    scratch: Path  # removed when the environment is complete
    cache: Path  # this source's own downloads, shared with other builds
    tell: Callable[[str], None]
    cancel: threading.Event
    hold: tuple[int, ...] = ()  # the key's lock, held by every program that writes to `part`

    def run(self, *command: str | Path, env: Mapping[str, str], said: Callable[[str], None] = lambda _: None) -> None:
        """Run a program in the scratch folder; ProgramError when it fails."""
        program.run([str(word) for word in command], self.scratch, env, self.cancel, said, hold=self.hold)

    def refuse(self, what: str, hint: str, said: str = "") -> StackError:
        """The error for software that cannot be had, with the end of what the program said that was to get it."""
        detail = f"The environment `{self.key}` needs {what}{program.quoted(' It said:', said, 8)}"
        return StackError(Diagnostic("P108", "software could not be installed", detail, hint=hint))

    def launcher(self, name: str, lines: str) -> None:
        """A program in the environment's `bin`, unless there is one of that name."""
        place = self.part / "bin" / name
        if not place.exists() and not place.is_symlink():
            place.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
            place.chmod(0o755)
