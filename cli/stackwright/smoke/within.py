"""A worker in the pod of who runs jobs: there the same lines go in and out, and files are carried before and after."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from stackwright.model.plan import Component
from stackwright.smoke.site import Site

_LOOK = 0.25


class Running(Protocol):
    """A program that runs there."""

    over: bool

    def send(self, data: bytes) -> None:
        """To its standard input."""

    def close(self) -> None:
        """Hang up."""


class Carrier(Protocol):
    """Who carries files between this machine and those pods, and starts programs in them."""

    def carries(self, component: str) -> bool:
        """Whether it runs jobs in a pod."""

    def prefix(self, component: str) -> str:
        """Where its own environment is inside."""

    def push(self, component: str) -> None:
        """Have the pod see its folders as they are here."""

    def pull(self, component: str) -> None:
        """Have here what was made there."""

    def start(self, component: str, argv: Sequence[str], env: Mapping[str, str], folder: Path) -> Any:
        """Have a program run there."""

    def heard(self, running: Any, seconds: float) -> tuple[bool, bytes] | None:
        """What it says next, and whether that is its output; None for a silence, and at its end."""

    def close(self) -> None:
        """What jobs were told goes there as it went here."""


class PodProcess:
    """A Python module of stackwright_job in a pod, spoken to as `Process` on this machine."""

    def __init__(self, site: Site, component: Component, words: list[str], folder: Path, log: Path) -> None:
        assert site.carrier and site.plan.jobs.inside  # who asks has seen that it runs jobs there
        folder.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        self._carrier, self._component, self._log, self._hide = site.carrier, component.id, log, site.secrets.redact
        environment = site.environment_of(component)
        own = environment != site.plan.jobs.environment
        prefix = site.carrier.prefix(component.id) if own else site.plan.jobs.inside.prefix
        here = re.escape(str(site.prefix(environment)))
        env = {
            name: re.sub(rf"(^|:){here}(?=/)", rf"\g<1>{prefix}", value)
            for name, value in site.process_env(environment, folder).items()
        }
        self._running = site.carrier.start(component.id, [f"{prefix}/bin/python", "-m", *words], env, folder)
        self._buffer = b""

    def send(self, message: dict[str, Any]) -> None:
        """One line there, and whatever it speaks of; a dead worker is told by `receive`."""
        self._carrier.push(self._component)
        with suppress(Exception):
            self._running.send(json.dumps(message).encode() + b"\n")

    def receive(self, deadline: float) -> dict[str, Any]:
        """Its next line, with what it made; TimeoutError, EOFError, or ValueError for what is no line of JSON."""
        while b"\n" not in self._buffer:
            if self._running.over:
                raise EOFError
            if time.monotonic() > deadline:
                raise TimeoutError
            if heard := self._carrier.heard(self._running, _LOOK):
                output, piece = heard
                if output:
                    self._buffer += piece
                else:
                    self._note(piece)
        line, self._buffer = self._buffer.split(b"\n", 1)
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError
        if message.get("id"):
            self._carrier.pull(self._component)
        return message

    def close(self) -> int | None:
        """Hang up; its end is the pod's to see to."""
        self._running.close()
        return None

    def _note(self, piece: bytes) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(self._hide(piece.decode(errors="replace")))
