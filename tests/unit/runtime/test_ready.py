"""Ready means that this component answers as it should, not that something does."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.runtime import ready
from stackwright.runtime.cancel import Cancelled
from webstack import free_port


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the status in the path and a little JSON."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/") or 200))
        if self.path == "/302":
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        if self.path != "/302":
            self.wfile.write(json.dumps({"a": {"b": 1, "flag": True, "none": None, "list": [{"x": "7"}]}}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[int]:
    """A web server of this process."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


def watched(**changed: Any) -> ready.Watched:
    """Something that lives, is this process, and logs one line."""
    parts = {
        "name": "database",
        "tool": "tinydb",
        "died": lambda: None,
        "roots": lambda: [os.getpid()],
        "log": lambda: "listening soon",
        "run": lambda command, limit: None,
    }
    return ready.Watched(**(parts | changed))


def wait(spec: dict[str, Any], **changed: Any) -> float:
    return ready.wait(spec, watched(**changed), threading.Event())


@pytest.mark.parametrize("path", ["", "/", "/200?x=1", "/302"])
def test_an_http_answer_below_400_is_ready(server: int, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any status below 400 counts, a redirect is not followed, and no proxy of the user's is asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    path = path.replace("?x=1", "")
    assert wait({"http": f"http://127.0.0.1:{server}{path}", "timeout": 5.0}) < 5


@pytest.mark.parametrize(
    "fields",
    [{"a.b": 1}, {"a.b": "1"}, {"a.flag": "true"}, {"a.flag": True}, {"a.list.0.x": 7}, {"a.none": None}],
)
def test_json_fields_count_by_what_they_say(server: int, fields: dict[str, Any]) -> None:
    """Dotted paths reach into objects and lists, and text and number of the same reading are equal."""
    assert wait({"http": f"http://127.0.0.1:{server}/", "json": fields, "timeout": 5.0}) < 5


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        ("/500", {}, "answers with status 500"),
        ("/404", {"a.b": 1}, "answers with status 404"),
        ("/", {"a.b": 2}, "answers `a.b` = `1`, not `2`"),
        ("/", {"a.c": 1}, "answers without `a.c`"),
        ("/", {"a.flag": 1}, "answers `a.flag` = `true`, not `1`"),
        ("/302", {"a.b": 1}, "does not answer with JSON"),
    ],
)
def test_another_answer_is_told(server: int, path: str, fields: dict[str, Any], told: str) -> None:
    """What never becomes ready is told with what it answered last and the end of its log."""
    with pytest.raises(StackError) as caught:
        wait({"http": f"http://127.0.0.1:{server}{path}", "json": fields, "timeout": 0.3})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "P112"
    assert told in diagnostic.detail and "  listening soon" in diagnostic.detail
    assert diagnostic.hint.endswith("    stack logs database")


def test_tcp_waits_until_the_port_opens() -> None:
    """A port that opens later is waited for, and noticed soon."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        threading.Timer(0.4, listener.listen).start()
        took = wait({"tcp": f"127.0.0.1:{listener.getsockname()[1]}", "timeout": 5.0})
    assert 0.3 < took < 1.5


def test_a_command_is_asked_until_it_succeeds() -> None:
    """A command's failures are waited out, and the last one is told when there is no success."""
    answers = iter(["exited with status 1", "exited with status 1", None])
    wait({"command": ["ask"], "timeout": 5.0}, run=lambda command, limit: next(answers))
    with pytest.raises(StackError) as caught:
        wait({"command": ["ask"], "timeout": 0.2}, run=lambda command, limit: "exited with status 7 (no route)")
    assert "`ask` exited with status 7 (no route)" in caught.value.diagnostics[0].detail


def test_a_death_is_not_waited_out() -> None:
    """A process that has stopped fails at once, long before the timeout, with how it ended and what it said."""
    began = time.monotonic()
    with pytest.raises(StackError) as caught:
        wait({"tcp": f"127.0.0.1:{free_port()}", "timeout": 60.0}, died=lambda: "exited with status 1")
    assert time.monotonic() - began < 1
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "P111"
    assert "`database` (tinydb@process) exited with status 1, after 0.0 s." in diagnostic.detail
    assert diagnostic.detail.endswith("The last lines of its log:\n  listening soon")


def test_waiting_can_be_stopped() -> None:
    """Ctrl-C ends the wait within a moment."""
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        ready.wait({"tcp": f"127.0.0.1:{free_port()}", "timeout": 60.0}, watched(), cancel)
    assert time.monotonic() - began < 1.5


def test_an_answer_of_somebody_else_is_no_answer(server: int) -> None:
    """A foreign server on the port that answers 200 is refused and named, never taken for the component."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as ours:
        try:
            with pytest.raises(StackError) as caught:
                wait({"http": f"http://127.0.0.1:{server}/", "timeout": 5.0}, roots=lambda: [ours.pid])
        finally:
            ours.kill()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "P110"
    assert f"(pid {os.getpid()})" in diagnostic.detail and str(server) in diagnostic.detail
    assert f"    kill {os.getpid()}" in diagnostic.hint


def test_a_port_shared_with_a_stranger_is_refused() -> None:
    """With SO_REUSEPORT two may listen on one port: the kernel would give the stranger half of what is sent to us."""
    listen = "import socket, sys, time\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
    listen += "s.bind(('127.0.0.1', int(sys.argv[1])))\ns.listen()\nprint('on', flush=True)\ntime.sleep(60)"
    port = str(free_port())
    command = [sys.executable, "-c", listen, port]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as ours,
        subprocess.Popen(command, stdout=subprocess.PIPE) as other,
    ):
        try:
            assert ours.stdout and other.stdout
            assert ours.stdout.readline() + other.stdout.readline() == b"on\non\n"
            with pytest.raises(StackError, match="P110") as caught:
                wait({"tcp": f"127.0.0.1:{port}", "timeout": 5.0}, roots=lambda: [ours.pid])
        finally:
            ours.kill()
            other.kill()
    assert f"(pid {other.pid})" in caught.value.diagnostics[0].detail


def test_every_port_of_the_component_is_looked_at(server: int) -> None:
    """A readiness command says nothing of whom it spoke to, so the component's ports are looked at too."""
    with subprocess.Popen(["sleep", "60"]) as ours:
        try:
            with pytest.raises(StackError, match="P110"):
                wait({"command": ["ask"], "timeout": 5.0}, ports=(server,), roots=lambda: [ours.pid])
        finally:
            ours.kill()
    wait({"command": ["ask"], "timeout": 5.0}, ports=(server, free_port()))


def test_a_long_wait_is_told_and_may_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every few seconds whoever waits hears what is missing; what he raises ends the wait."""
    monkeypatch.setattr(ready, "WORD", 0.2)
    heard: list[str] = []

    def enough(problem: str) -> None:
        heard.append(problem)
        if len(heard) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        wait({"tcp": f"127.0.0.1:{free_port()}", "timeout": 30.0}, still=enough)
    assert all("does not answer" in problem for problem in heard)
