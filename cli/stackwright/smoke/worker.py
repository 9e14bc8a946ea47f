"""One component's smoke.py in a process of its own, JSON lines in and out; every call has a deadline."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.model.plan import Component
from stackwright.smoke.site import Fields, Site
from stackwright.smoke.within import PodProcess
from stackwright_job.exchange import pack, unpack

_STARTING = 180.0  # importing a client on a loaded machine
_LONGEST = 1024 * 1024  # a reply's line: larger values travel as files


class UnspokenError(Exception):
    """A verb of the layer that this tool, which fills it in part, does not speak."""


class Process:
    """A Python module of stackwright_job as a child that answers JSON lines; killed with its children at the end."""

    def __init__(self, site: Site, environment: str, words: list[str], folder: Path, log: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        python = site.prefix(environment) / "bin" / "python"
        self._log, self._hide = log, site.secrets.redact
        try:
            with open(log, "ab", opener=_private) as stderr:
                self._child = subprocess.Popen(
                    [str(python), "-m", *words], cwd=folder, env=site.process_env(environment, folder),
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            detail = f"`{python}` cannot be started: {error.strerror}."
            hint = "install it again with\n    stack up"
            raise StackError(Diagnostic("S015", "environment is not there", detail, hint=hint)) from error
        self._buffer = b""

    def send(self, message: dict[str, Any]) -> None:
        """One line to the child; a dead one is told by `receive`."""
        if self._child.stdin and not self._child.stdin.closed:
            with suppress(BrokenPipeError):
                self._child.stdin.write(json.dumps(message).encode() + b"\n")
                self._child.stdin.flush()

    def receive(self, deadline: float) -> dict[str, Any]:
        """The child's next line; TimeoutError, EOFError, or ValueError for what is not a line of JSON."""
        if self._child.stdout is None or self._child.stdout.closed:
            raise EOFError
        while b"\n" not in self._buffer:
            if not select.select([self._child.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError
            part = os.read(self._child.stdout.fileno(), 65536)
            if not part:
                raise EOFError
            self._buffer += part
            if len(self._buffer) > _LONGEST:
                raise ValueError
        line, self._buffer = self._buffer.split(b"\n", 1)
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError
        return message

    def close(self) -> int | None:
        """End the child and whatever it started; its log loses what a chatty client may have said of credentials."""
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(2)
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        status = self._child.wait()
        said = self._log.read_text(encoding="utf-8", errors="replace")
        if (shown := self._hide(said)) != said:
            self._log.write_text(shown, encoding="utf-8")
        return status


def worker_log(workspace: Path, component: str) -> Path:
    """What the worker of a component's verbs wrote."""
    return workspace / "logs" / "smoke" / f"{component.replace(':', '--')}.log"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Worker:
    """The verbs of one component."""

    def __init__(self, site: Site, component: Component) -> None:
        self._site, self._component = site, component
        name = component.id.replace(":", "--")
        self.dir = site.workspace / "jobs" / "smoke" / name
        self.log = worker_log(site.workspace, component.id)
        self.cpu = 0.0  # seconds, with the child's own children
        self._ids = 0
        inside = site.plan.jobs.inside if site.carrier and site.carrier.carries(component.id) else None
        self._told = {**site.described(component, inside), "env": {}}
        if component.kind != "service" or component.elsewhere:
            self._settle()
        words = ["stackwright_job.worker", str(site.verbs(component))]
        self._process = (
            PodProcess(site, component, words, self.dir, self.log)
            if inside
            else Process(site, site.environment_of(component), words, self.dir, self.log)
        )
        self._verbs: list[str] | None = None

    def _settle(self) -> None:
        """Nobody starts a library or a job, so its files are ours to write; its variables are for whoever uses it."""
        self._told["env"] = {name: self._site.text(value) for name, value in self._component.env.items()}
        for path, content in self._component.files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(self._site.text(content))

    def call(self, layer: str, verb: str, args: dict[str, Any], endpoints: dict[str, Fields]) -> dict[str, Any]:
        """What the verb returns; StackError when it raises, takes too long, or the worker dies, or no layer has it."""
        timeout = self._site.timeout(layer, verb)
        if not self.speaks(verb):
            described = self._site.layers.get(layer)
            if described and verb in described.verbs:  # `catalog check` refuses this of a layer filled in full
                raise UnspokenError(f"`{self._component.tool}` fills `{layer}` in part, without `{verb}`")
            known = ", ".join(f"`{name}`" for name in self._verbs or ()) or "none"
            raise self._failure("S010", "tool does not speak this verb", f"Its smoke.py has {known}.", verb)
        self._ids += 1
        request = {
            "v": 1, "id": self._ids, "verb": verb, "args": pack(args, self.dir / "exchange"), **self._told,
            "endpoints": self._told["endpoints"] | endpoints, "dir": str(self.dir), "timeout": timeout,
        }  # fmt: skip
        self._process.send(request)
        return unpack(self._answer(verb, self._ids, timeout))

    def speaks(self, verb: str) -> bool:
        """Whether it has that verb; StackError when it cannot start."""
        if self._verbs is None:
            self._verbs = self._answer(verb, 0, _STARTING)["verbs"]
        return verb in self._verbs

    def _answer(self, verb: str, wanted: int, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        try:
            while (reply := self._process.receive(deadline)).get("id") != wanted:
                continue
        except TimeoutError:
            self.close()
            raise self._failure("S011", "verb took too long", f"No answer after {timeout:.0f} s.", verb) from None
        except EOFError:
            text = f"It ended with status {self.close()}."
            raise self._failure("S012", "smoke worker ended", text, verb) from None
        except ValueError:
            self.close()
            raise self._failure("S013", "smoke worker does not keep to the protocol", "", verb) from None
        self.cpu = reply.get("cpu", self.cpu)
        if not reply.get("ok"):
            error = reply["error"]
            raise self._failure("S014", "verb failed", f"{error['type']}: {error['message']}", verb)
        result: dict[str, Any] = reply["result"]
        return result

    def _failure(self, code: str, summary: str, text: str, verb: str) -> StackError:
        who = f"`{verb}` of `{self._component.id}` ({self._component.tool}@{self._component.target})"
        detail = self._site.secrets.redact(f"{who}. {text}".rstrip())
        return StackError(Diagnostic(code, summary, detail, hint=f"the worker's own words are in\n    {self.log}"))

    def close(self) -> int | None:
        """End the worker."""
        return self._process.close()
