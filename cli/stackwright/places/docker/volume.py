"""The volume of a component: data that outlives its containers, the recipe's files, and what has been prepared in it.

Which volume it is says its label `stackwright.generation`; which `prepare` steps it has behind it lies in the
workspace, tied to that. So a volume that was removed behind our back is another generation, and prepared anew.
"""

from __future__ import annotations

import hashlib
import json
import secrets as random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places import archive
from stackwright.places.docker import labels
from stackwright.places.docker.containers import FOLDER, ComponentSpec
from stackwright.places.docker.engine import Engine
from stackwright.runtime.files import write_atomic
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace

Run = Callable[[int, dict[str, Any]], None]  # a prepare step and its number


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume of one component."""

    engine: Engine
    ws: Workspace
    spec: ComponentSpec

    @property
    def name(self) -> str:
        """As the resolver said."""
        return str(self.spec["container"]["volume"])

    def generation(self) -> str | None:
        """Which one the component has and will keep; None where the next start makes a fresh one."""
        there = self._there()
        return there if there and not self._unfinished(there) else None

    def make(self) -> None:
        """Have one; one whose `once` steps have not all succeeded is given up for a fresh one."""
        if self.generation():
            return
        component, journal = self.spec["component"], client_journal(self.ws)
        journal.write("intent", "volume", component, self.name)
        if self._there():
            self.engine.remove_volume(self.name)
        fresh = {labels.GENERATION: random.token_hex(8)}
        self.engine.create_volume(self.name, labels=labels.of(self.ws, component) | fresh)
        if not self._there():  # the engine takes one that is there for the same
            raise StackError(_taken(self.name))
        journal.write("done", "volume", component, self.name)

    def fill(self, container: str, secrets: Secrets) -> None:
        """Folders, and files with their secrets, through a container that has it."""
        owner = archive.owner_of(self.spec["container"]["user"])
        top = FOLDER.strip("/")
        folders = (top, *(f"{top}/{name}" for name in ("data", "run", "home", "tmp")))
        items = [archive.Item(name, None, 0o700, owner) for name in folders]
        for file in self.spec.get("files", ()):
            data = secrets.fill(file["content"]).encode()
            items += archive.private(file["path"].strip("/"), data, owner)
        self.engine.put_archive(container, "/", archive.pack(items))

    def prepare(self, env: dict[str, str], run: Run) -> None:
        """Run the steps that are due, in order."""
        there = self._there() or ""
        afresh, steps = self._unfinished(there), self.spec.get("prepare", ())
        last_once = max((number for number, step in enumerate(steps) if step["run"] == "once"), default=-1)
        for number, step in enumerate(steps):
            wanted = self._inputs(step, env, there) if step["run"] == "changed" else ""
            if {"once": afresh, "changed": self._read(str(number)) != wanted, "always": True}[step["run"]]:
                run(number, step)
            if wanted:
                self._write(str(number), wanted)
            if number == last_once:
                self._write("once", there)
        # A recipe that gets a `once` step later must not wipe what is in use.
        self._write("once", there)

    def _there(self) -> str | None:
        from docker.errors import NotFound

        try:
            found = labels.on(self.engine.inspect_volume(self.name))
        except NotFound:
            return None
        return found.get(labels.GENERATION) if found.get(labels.STACK) == self.ws.id else None

    def _unfinished(self, generation: str) -> bool:
        once = any(step["run"] == "once" for step in self.spec.get("prepare", ()))
        return once and self._read("once") != generation

    def _inputs(self, step: dict[str, Any], env: dict[str, str], generation: str) -> str:
        """What a `changed` step depends on, hashed."""
        parts = [step["command"], self.spec.get("files"), env, self.spec["environment"]["key"], generation]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _marker(self, name: str) -> Path:
        return self.ws.components / str(self.spec["component"]) / f"prepared.{name}"

    def _read(self, name: str) -> str:
        try:
            return self._marker(name).read_text(encoding="utf-8")
        except OSError:
            return ""

    def _write(self, name: str, text: str) -> None:
        if self._read(name) != text:
            self._marker(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._marker(name), text.encode())


def of(engine: Engine, ws: Workspace) -> Iterator[str]:
    """The names of all volumes of a stack."""
    found = engine.volumes(filters=labels.wanted(ws))["Volumes"] or []
    yield from (str(one["Name"]) for one in found)


def _taken(name: str) -> Diagnostic:
    return Diagnostic(
        code="P166",
        summary="volume is somebody else's",
        detail=f"The engine has a volume `{name}` without this stack's label, so it is not touched.",
        hint=f"see whose it is, and remove it if nobody needs it\n    docker volume inspect {name}",
    )
