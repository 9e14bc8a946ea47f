"""A start that is killed at any step is taken up by the next one, on data that is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stackwright.runtime import component, journal, process, sweep, units
from stackwright.runtime.client import KeeperClient
from webstack import Stack, ask, environment, open_folder, stack

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not process.LINUX, reason="looks into /proc")]
__all__ = ["environment", "open_folder", "stack"]

# What `up` does for one component and one grant, in a process of its own that can be killed.
PROGRAM = """
import json, sys, threading
from pathlib import Path
from stackwright.runtime import component, grant
from stackwright.runtime.workspace import Workspace, mark_self
ws = Workspace.open(Path(sys.argv[1]))
mark_self(ws)
told = lambda *event: print(*event, flush=True)
component.ensure(ws, json.loads(sys.argv[2]), told, threading.Event())
grant.ensure_grant(ws, json.loads(sys.argv[3]), told, threading.Event())
"""


def begin(stack: Stack, spec: dict[str, Any], kill_at: int = 0) -> subprocess.Popen[str]:
    share = {key: spec[key] for key in ("environment", "path", "folder", "unprivileged")} | {
        "v": 1, "name": "app-store", "consumer": "app", "need": "store", "server": spec["component"],
        "secret": "app.store", "env": {"GRANT_SECRET": [{"secret": "app.store"}]},
        "command": ["python", "-c", "import os; open('../data/granted', 'w').write(os.environ['GRANT_SECRET'])"],
    }  # fmt: skip
    command = [sys.executable, "-c", PROGRAM, str(stack.ws.root), json.dumps(spec), json.dumps(share)]
    env = os.environ | ({journal.KILL_AT: str(kill_at)} if kill_at else {})
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def names(spec: dict[str, Any]) -> set[str]:
    """What is in its data folder."""
    return {path.name for path in Path(spec["folder"], "data").iterdir()}


def with_data(stack: Stack) -> dict[str, Any]:
    """A component whose data folder is made in two moves, so that a kill between them leaves half of it."""
    made = "import os, time; assert os.listdir('../data') == []; open('../data/one', 'w').close(); time.sleep(0.2)\n"
    made += "open('../data/two', 'w').close()"
    check = "import os; assert {'one', 'two'} <= set(os.listdir('../data'))"
    return stack.spec(
        prepare=[
            {"command": ["python", "-c", made], "run": "once"},
            {"command": ["python", "-c", check], "run": "always"},
        ]
    )


def test_killed_at_every_step(stack: Stack) -> None:
    """SIGKILL after each line of the journal: the next `up` has it running on whole data, once, and `down` is empty."""
    steps = 0
    while True:
        steps += 1
        spec = with_data(stack)
        killed = begin(stack, spec, kill_at=steps)
        killed.communicate(timeout=120)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL
        again = begin(stack, spec)
        told, _ = again.communicate(timeout=120)
        assert again.returncode == 0, told
        seen = component.observe(stack.ws, "web")
        assert seen and ask(spec)["pid"] == seen.pids["main"]
        assert {"one", "two", "granted"} <= names(spec)
        running = [pid for pid in process.snapshot() if process.watermark(pid) == stack.ws.watermark]
        tools = [pid for pid in running if b"server.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert tools == [seen.pids["main"]]
        component.stop(stack.ws, "web", stack.progress, keep_data=False)
    assert steps > 10
    KeeperClient(stack.ws).shutdown()
    assert sweep.sweep(stack.ws) == []
    assert sweep.prove(stack.ws)[0] == []


def test_a_step_that_outlives_its_command_does_not_write_on(stack: Stack) -> None:
    """An orphaned `once` step is ended before the data folder it writes to is made afresh."""
    forever = "import os, time\nwhile True:\n    time.sleep(0.01)\n    if os.path.isdir('../data'):\n"
    forever += "        open('../data/mine', 'a').write('x')"
    spec = stack.spec(prepare=[{"command": ["python", "-c", forever], "run": "once"}])
    killed = begin(stack, spec)
    while not Path(spec["folder"], "data/mine").exists():
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    spec["prepare"] = [{"command": ["python", "-c", "import os; assert os.listdir('../data') == []"], "run": "once"}]
    component.ensure(stack.ws, spec, stack.progress, stack.cancel)
    time.sleep(0.1)
    assert names(spec) == set()
    spawned = [line for line in journal.read(stack.ws.journal_dir / "client.jsonl") if line["op"] == "spawned"]
    assert not any(process.alive(who) for who in journal.identities(spawned))


def test_its_keeper_killed_is_no_reason_to_restart(stack: Stack) -> None:
    """With the keeper gone a component is still seen, adopted with the pids it has, and can be stopped."""
    spec = stack.spec()
    first = component.ensure(stack.ws, spec, stack.progress, stack.cancel)
    os.kill(KeeperClient.connect(stack.ws).ping(), signal.SIGKILL)
    assert component.observe(stack.ws, "web") == first
    assert component.ensure(stack.ws, spec, stack.progress, stack.cancel) == first
    os.kill(KeeperClient.connect(stack.ws).ping(), signal.SIGKILL)
    component.stop(stack.ws, "web", stack.progress)
    assert not any(unit.pid for unit in units.read_all(stack.ws.keeper_dir).values())


def test_a_port_bound_by_a_stranger_after_the_death_is_not_up(stack: Stack) -> None:
    """A stranger that answers 200 on a dead tool's port: the component is not up, and `ensure` names the thief."""
    spec = stack.spec()
    component.ensure(stack.ws, spec, stack.progress, stack.cancel)
    component.stop(stack.ws, "web", stack.progress)
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(spec["ports"]["web"])]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/") as thief:
        try:
            time.sleep(1)
            assert component.observe(stack.ws, "web") is None
            with pytest.raises(Exception, match="P110"):
                component.ensure(stack.ws, spec, stack.progress, stack.cancel)
        finally:
            thief.kill()
