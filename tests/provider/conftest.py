"""A real stack of small processes: rendered, planned and applied by real Terraform, kept by the real runtime."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stackwright.engine.run import Engine
from stackwright.model.plan import Component, Endpoint, Environment, JobsPlan, Plan, Wire
from stackwright.model.report import Change
from stackwright.render import render
from stackwright.runtime import component, sweep
from stackwright.runtime.workspace import Workspace, mark_self

TOOL = Path(__file__).with_name("tool.py")
KEY = "tiny-0123456789abcdef"


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Stack:
    """One stack under test; change `specs` and `wires`, then `up`."""

    workspace: Workspace
    prefix: Path
    specs: dict[str, dict[str, Any]] = field(default_factory=dict)
    after: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    progress: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, delay: float = 0, after: tuple[str, ...] = (), **env: Any) -> dict[str, Any]:
        """Add a component of one small process; the answer is its spec, to be changed at will."""
        port = free_port()
        self.after[name] = after
        self.specs[name] = {
            "v": 1,
            "component": name,
            "tool": "tiny",
            "environment": {"key": KEY, "prefix": str(self.prefix)},
            "path": [],
            "folder": str(self.workspace.components / name),
            "unprivileged": False,
            "entry": None,
            "files": [],
            "prepare": [],
            "env": env,
            "processes": [
                {
                    "name": "main",
                    "command": ["python", "-B", str(TOOL), str(port), str(delay)],
                    "env": {},
                    "after": [],
                    "ready": None,
                }
            ],
            "ready": {"tcp": f"127.0.0.1:{port}", "timeout": 20.0},
            "stop": {"signal": "TERM", "timeout": 5.0},
            "ports": {"web": port},
        }
        return self.specs[name]

    def grant(self, consumer: str, server: str) -> Path:
        """Add a wire with a grant; its command appends a line to the file that is the answer."""
        folder = self.specs[server]["folder"]
        ran = self.workspace.root / f"granted-{consumer}"
        spec = {
            "v": 1,
            "name": f"{consumer}-db",
            "consumer": consumer,
            "need": "db",
            "server": server,
            "secret": f"{consumer}.db",
            "environment": {"key": KEY, "prefix": str(self.prefix)},
            "path": [],
            "folder": folder,
            "unprivileged": False,
            "command": [
                "python",
                "-c",
                "import os; open(os.environ['RAN'], 'a').write(os.environ['GRANT_SECRET'] + '\\n')",
            ],
            "env": {"RAN": str(ran), "GRANT_SECRET": [{"secret": f"{consumer}.db"}]},
        }
        named = {"need": "db", "endpoint": "web", "interface": "tiny", "origin": "stack"}
        self.wires.append(Wire(consumer=consumer, server=server, grant=spec, **named))
        if consumer in self.after:
            self.after[consumer] += (f"grant:{consumer}.db",)
        return ran

    def plan(self) -> Plan:
        """The plan of what is in `specs` and `wires`."""
        components = tuple(
            Component(
                id=name,
                tool="tiny",
                version="1",
                target="process",
                kind="service",
                because="the test says so",
                environment=KEY,
                ports=spec["ports"],
                endpoints={"web": Endpoint(interface="tiny", fields={"port": spec["ports"]["web"]})},
                spec=json.loads(json.dumps(spec)),
                after=self.after[name],
            )
            for name, spec in self.specs.items()
        )
        return Plan(
            name=self.workspace.name,
            id=self.workspace.id,
            workspace=str(self.workspace.root),
            components=components,
            wires=tuple(self.wires),
            environments=(Environment(key=KEY, python=">=3.11", prefix=str(self.prefix)),),
            secrets=(),
            jobs=JobsPlan(environment=KEY, env={}),
        )

    @property
    def engine(self) -> Engine:
        """A fresh engine, as every command makes one."""
        return Engine(self.workspace.root, self.workspace.terraform, lambda *event: self.progress.append(event))

    def render(self) -> None:
        """Write the Terraform root."""
        render(self.plan(), self.workspace.terraform)

    def up(self) -> list[Change]:
        """Render and apply."""
        self.render()
        return self.engine.apply()

    def changes(self) -> list[Change]:
        """Render and plan."""
        self.render()
        return self.engine.plan()

    def up_elsewhere(self) -> "subprocess.Popen[bytes]":
        """Apply in a process of its own, to be interrupted."""
        self.render()
        root = str(self.workspace.root)
        code = (
            "import sys; from pathlib import Path\n"
            "from stackwright.engine.run import Engine\n"
            "from stackwright.runtime.workspace import Workspace, mark_self\n"
            "ws = Workspace.open(Path(sys.argv[1])); mark_self(ws)\n"
            "Engine(ws.root, ws.terraform, lambda *e: None).apply()"
        )
        return subprocess.Popen([sys.executable, "-c", code, root], start_new_session=True, stderr=subprocess.PIPE)

    def pids(self) -> dict[str, Any]:
        """The processes of each component as the runtime sees them."""
        seen = {name: component.observe(self.workspace, name) for name in self.specs}
        return {name: tuple(found.pids.values()) if found else () for name, found in seen.items()}

    def started(self, name: str) -> dict[str, Any]:
        """How the component's process was started."""
        return json.loads((self.workspace.components / name / "run" / "started.json").read_text())

    def left(self) -> list[str]:
        """What of the stack is still on this machine."""
        return [f"{found.kind} {found.what} {found.detail}" for found in sweep.prove(self.workspace)[0]]


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' one environment is installed."""
    return tmp_path_factory.mktemp("cache") / "environments" / KEY


@pytest.fixture
def stack(tmp_path: Path, prefix: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """An empty stack; whatever a test leaves running is ended."""
    monkeypatch.setenv("STACK_CACHE_DIR", str(prefix.parents[1]))
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("STACK_TERRAFORM", raising=False)
    workspace = Workspace.create(tmp_path / ".stack" / "tiny", "tiny", str(tmp_path / "stack.yaml"))
    stack = Stack(workspace, prefix)
    yield stack
    sweep.sweep(workspace)
    assert os.environ["STACK_STATE_DIR"] == str(tmp_path / "state")


__all__ = ["Stack", "mark_self"]
