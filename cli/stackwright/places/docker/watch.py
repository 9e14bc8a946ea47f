"""Waits until a component in containers answers, asking from inside; one that died meanwhile is told with its log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker import containers
from stackwright.places.docker.engine import Engine, execute
from stackwright.runtime.asking import ReadySpec
from stackwright.runtime.ready import what
from stackwright.runtime.secrets import Secrets


@dataclass
class Watch:
    """The containers of one component, from the moment that each was started or adopted."""

    engine: Engine
    subject: str  # the component
    tool: str
    python: str  # that asks
    secrets: Secrets
    tell: Callable[[str, str], None]
    cancel: threading.Event
    restarts: dict[str, int] = field(default_factory=dict)  # by container, when we began to look

    def follow(self, container: str) -> None:
        """From now on its death is ours."""
        self.restarts[container] = int(self.engine.inspect_container(container)["RestartCount"])

    def wait(self, container: str, ask: ReadySpec | None, name: str) -> None:
        """Until it answers from inside `container`; without a question, only that all of them run."""
        self.check(name, 0.0)
        if ask is None:
            return
        from docker.errors import APIError

        began, said = time.monotonic(), [""]
        timeout = float(ask.get("timeout", 60.0))
        self.tell("waiting", what(ask))

        def heard(line: str) -> None:
            said.append(self.secrets.redact(line))
            if not line.startswith("OCI runtime"):  # mostly its container has just ended, which is told better below
                self.tell("waiting", f"{what(ask)} {said[-1]}")

        command = [self.python, "-I", "-S", containers.ASK, json.dumps(ask), str(timeout)]

        def seconds() -> float:
            return time.monotonic() - began

        try:
            status = execute(container, command, self.cancel, heard, look=lambda: self.check(name, seconds()))
        except APIError as error:
            if error.status_code != 409:  # it is not running
                raise
            status = None
        if status not in (0, 1):  # it ended with its container; how, is known a moment later
            self.cancel.wait(1.0)
        self.check(name, seconds())
        if status != 0:
            raise StackError(self._never(name, f"{what(ask)} {said[-1]}", timeout))
        self.tell("ready", f"{what(ask)} after {seconds():.1f} s")

    def check(self, name: str, seconds: float) -> None:
        """StackError when one of them is not the one we began with."""
        for container in self.restarts:
            found = self.engine.inspect_container(container)
            state = found["State"]
            if not state["Running"] or state["Restarting"] or int(found["RestartCount"]) != self.restarts[container]:
                raise StackError(self._stopped(name, found, seconds))

    def log(self, container: str) -> str:
        """The last lines it wrote."""
        text = self.engine.logs(container, tail=12).decode(errors="replace").rstrip()
        lines = self.secrets.redact(text).splitlines()
        return " The last lines of its log:" + "".join(f"\n  {line}" for line in lines) if lines else ""

    def _stopped(self, name: str, found: dict[str, Any], seconds: float) -> Diagnostic:
        process = found["Name"].removeprefix("/")
        which = "" if len(self.restarts) == 1 else f"stopped, because its container `{process}` "
        return Diagnostic(
            code="P167",
            summary="container stopped before it was ready",
            detail=f"`{name}` ({self.tool}@docker) {which}{self._how(found)}, after {seconds:.1f} s."
            + self.log(found["Id"]),
            hint=f"the whole log is shown by\n    stack logs {self.subject}",
        )

    def _how(self, found: dict[str, Any]) -> str:
        """How it ended; where the engine has started it again, it has forgotten, but the event is remembered."""
        state = found["State"]
        if not state["Running"]:
            return containers.ended(state)
        now, of = time.time(), {"container": found["Id"], "event": "die"}
        deaths = list(self.engine.events(since=f"{now - 60:.6f}", until=f"{now:.6f}", filters=of, decode=True))
        status = int(deaths[-1]["Actor"]["Attributes"].get("exitCode", 0)) if deaths else 0
        return containers.ended({**state, "ExitCode": status})

    def _never(self, name: str, problem: str, timeout: float) -> Diagnostic:
        logs = "".join(self.log(container) for container in list(self.restarts)[-1:])
        return Diagnostic(
            code="P168",
            summary="container did not become ready",
            detail=f"`{name}` ({self.tool}@docker) runs, but {problem} after {timeout:.0f} s.{logs}",
            hint=f"the whole log is shown by\n    stack logs {self.subject}",
        )
