"""A stack of its own for each test: a real workspace and keeper, and a small server to start in it."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stackwright.runtime import install, process
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace

# Answers every request with what it knows of itself; BEHAVE makes it misbehave.
SERVER = """
import http.server, json, os, signal, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        about = {"env": dict(os.environ), "pid": os.getpid(), "uid": os.getuid(), "argv": sys.argv, "cwd": os.getcwd()}
        body = json.dumps({**about, "nested": {"number": 3, "flag": True}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

behave = os.environ.get("BEHAVE", "")
if behave == "die":
    print("the password is", os.environ["PASSWORD"], flush=True)
    sys.exit(3)
if behave == "deaf":
    time.sleep(600)
def stop(*_):
    with open("../data/stopped", "a") as file:
        file.write(os.environ["WHO"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """A workspace, what was told, and specs of a small web server."""

    ws: Workspace
    environment: dict[str, Any]
    told: list[tuple[str, str, str]] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)

    def progress(self, subject: str, phase: str, text: str) -> None:
        self.told.append((subject, phase, text))

    def folder(self, component: str, unprivileged: bool = False) -> str:
        return str((self.ws.unprivileged if unprivileged else self.ws.components) / component)

    def spec(self, component: str = "web", **changed: Any) -> dict[str, Any]:
        port = changed.pop("port", None) or free_port()
        folder = self.folder(component, changed.get("unprivileged", False))
        return {
            "v": 1,
            "component": component,
            "tool": "tinyweb",
            "environment": {"key": self.environment["key"], "prefix": self.environment["prefix"]},
            "path": [],
            "folder": folder,
            "unprivileged": False,
            "entry": None,
            "files": [{"path": f"{folder}/run/server.py", "content": SERVER}],
            "prepare": [],
            "env": {"PASSWORD": [{"secret": f"{component}.password"}], "WHO": "main"},
            "processes": [self.process("main", port)],
            "ready": {"http": f"http://127.0.0.1:{port}/", "timeout": 20.0},
            "stop": {"signal": "TERM", "timeout": 5.0},
            "ports": {"web": port},
        } | changed

    @staticmethod
    def process(name: str, port: int, **changed: Any) -> dict[str, Any]:
        command = ["python", "server.py", str(port)]
        return {"name": name, "command": command, "env": {"WHO": name}, "after": [], "ready": None} | changed


def ask(spec: dict[str, Any]) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{spec['ports']['web']}/", timeout=5) as answer:
        return dict(json.load(answer))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that `nobody` can enter, as the ones of pytest are not."""
    root = Path(tempfile.mkdtemp(prefix="stack-test-"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def environment(open_folder: Path) -> dict[str, Any]:
    """An environment with nothing but Python in it."""
    spec = {"v": 1, "key": "bare-1", "python": ">=3.11", "lock": None, "packages": []}
    spec["prefix"] = str(open_folder / "cache/environments/bare-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STACK_CACHE_DIR", str(open_folder / "cache"))
        install.ensure_environment(spec, lambda *_: None, threading.Event())
    return spec


@pytest.fixture
def stack(
    open_folder: Path, environment: dict[str, Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    """A stack of this test's own, down when it ends."""
    root = Path(tempfile.mkdtemp(dir=open_folder))
    root.chmod(0o755)
    monkeypatch.setenv("STACK_CACHE_DIR", str(open_folder / "cache"))
    monkeypatch.setenv("STACK_STATE_DIR", str(root / "state"))
    ws = Workspace.create(root / "work/.stack/demo", "demo", str(root / "work/stack.yaml"))
    yield Stack(ws, environment)
    KeeperClient(ws).shutdown()
    ws.forget()


def argv_of_everything() -> str:
    """The command lines of every process of this machine."""
    lines = []
    for pid in process.snapshot():
        try:
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(lines)
