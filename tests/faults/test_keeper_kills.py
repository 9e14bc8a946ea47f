"""SIGKILL to keeper, shims, tools and client at every step and at random: always found again, always swept."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest

import keeping
from stackwright.errors import StackError
from stackwright.runtime import client, journal, process, sockets, sweep, units
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.process import Identity
from stackwright.runtime.workspace import Workspace

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not process.LINUX, reason="looks into /proc"),
]
WRITES = 10  # of a keeper in the story below: three starts, three ends, its own end; what it sees comes on top
STEPS = WRITES + 2


@pytest.fixture
def ws(user_folders: Path) -> Iterator[Workspace]:
    with keeping.workspace(user_folders) as made:
        yield made


def named(ws: Workspace) -> set[Identity]:
    """Every process that journal or unit files know."""
    found = set(journal.identities(journal.read(ws.journal_dir / "keeper.jsonl")))
    for record in units.records(ws.keeper_dir):
        found.update(record.identities())
    return found


def story(ws: Workspace) -> None:
    """A small life: start two, replace one, stop the other, stop all."""
    keeper = KeeperClient.connect(ws)
    assert keeper.ensure(keeping.spec(ws, "a/main")).state == "up"
    assert keeper.ensure(keeping.spec(ws, "b/main")).state == "up"
    assert keeper.ensure(keeping.spec(ws, "a/main", version="2")).hash == "2"
    keeper.stop(["b/main"])
    keeper.shutdown()


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_the_client_gets_over_a_keeper_killed_at_any_step(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Wherever the keeper dies, the next one carries on, the story ends well and nothing is left."""
    monkeypatch.setenv(journal.KEEPER_KILL_AT, str(step))
    starts = []
    monkeypatch.setattr(client, "_start", lambda ws, start=client._start: starts.append(1) or start(ws))
    story(ws)
    assert len(starts) > 1 or step > WRITES, "the seam did not kill"
    assert keeping.marked(ws) == []
    assert sweep.prove(ws)[0] == []
    spawned = [e for e in journal.read(ws.journal_dir / "keeper.jsonl") if e["op"] == "spawned"]
    assert 3 <= len(spawned) <= 5, "a tool was started twice without need"


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_sweep_finds_all_after_keeper_and_client_died_at_any_step(ws: Workspace, step: int) -> None:
    """Nobody carries on: the sweep alone finds what ran, and afterwards the story can be told again."""
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path; import test_story\n"
        "from stackwright.runtime import client; from stackwright.runtime.workspace import Workspace\n"
        "start, started = client._start, []\n"
        "def once(ws):\n"
        "    if started: import os; os.kill(os.getpid(), 9)\n"
        "    started.append(1); start(ws)\n"
        "client._start = once; test_story.story(Workspace.open(Path(sys.argv[1])))"
    )
    module = ws.root / "test_story.py"
    module.write_text(Path(__file__).read_text())
    done = subprocess.run(
        [sys.executable, "-c", program, str(ws.root), str(ws.root), str(Path(__file__).parents[1])],
        env={**os.environ, journal.KEEPER_KILL_AT: str(step)}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    time.sleep(0.2)  # a child at a closed gate is on its way out
    strangers = [pid for pid in keeping.marked(ws) if (who := process.identify(pid)) and who not in named(ws)]
    assert strangers == [] or (len(strangers) == 1 and done.returncode == 0)
    sweep.sweep(ws)
    assert sweep.prove(ws)[0] == []
    assert keeping.marked(ws) == []
    story(ws)
    assert keeping.marked(ws) == []


def test_gated_spawn_under_kill_storms(ws: Workspace) -> None:
    """Killed at random moments in mid-spawn, a keeper never leaves a process that is not written down."""
    started = random.Random(7)
    seen = 0

    def ask(number: int) -> None:
        spec = keeping.spec(ws, f"c{number}/main", version=str(started.random()))
        with suppress(OSError), sockets.connect(str(ws.keeper_dir / "socket"), 5) as connection:
            connection.sendall(json.dumps({"op": "ensure", "spec": asdict(spec)}).encode() + b"\n")
            connection.recv(1)

    with ThreadPoolExecutor(8) as pool:
        while seen < 150:
            pid = KeeperClient.connect(ws).ping()
            asked = [pool.submit(ask, number) for number in range(8)]
            time.sleep(started.uniform(0, 0.12))
            keeping.kill(pid)
            for one in asked:
                one.result()
            time.sleep(0.1)
            alive = {who for pid in keeping.marked(ws) if (who := process.identify(pid))}
            assert alive <= named(ws)
            seen += len(alive)
    sweep.sweep(ws)
    assert keeping.marked(ws) == []


def test_anybody_may_be_killed_at_any_time(ws: Workspace) -> None:
    """Keeper, shims and tools killed at random for ten seconds: `ensure` brings all back, shutdown ends all."""
    chance = random.Random(11)
    bystander = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    names = [f"c{number}/main" for number in range(5)]
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for name in names:
            KeeperClient(ws).ensure(keeping.shell(ws, name, "sleep 501 & sleep 502"))
        for victim in chance.sample(keeping.marked(ws), 3):
            with suppress(ProcessLookupError):
                os.kill(victim, 9)
        time.sleep(chance.uniform(0, 0.3))
    keeper = KeeperClient.connect(ws)
    for name in names:
        keeping.until(lambda name=name: keeper.ensure(keeping.spec(ws, name, version="2")).state == "up")  # type: ignore[misc]
    assert {unit.state for unit in units.read_all(ws.keeper_dir).values()} == {"up"}
    keeper.shutdown()
    sweep.sweep(ws)
    assert keeping.marked(ws) == []
    assert sweep.prove(ws)[0] == []
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_client_killed_while_it_starts_things(ws: Workspace) -> None:
    """The command dies at any moment; what it had started is adopted by the next, or swept."""
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path; import keeping\n"
        "from stackwright.runtime.client import KeeperClient\n"
        "from stackwright.runtime.workspace import Workspace, mark_self\n"
        "ws = Workspace.open(Path(sys.argv[1])); mark_self(ws); keeper = KeeperClient.connect(ws)\n"
        "for n in range(50): keeper.ensure(keeping.spec(ws, f'c{n}/main'))"
    )
    chance = random.Random(5)
    for _ in range(5):
        client = subprocess.Popen([sys.executable, "-c", program, str(ws.root), str(Path(__file__).parents[1])])
        time.sleep(chance.uniform(0.2, 0.6))
        client.kill()
        client.wait()
    before = units.read_all(ws.keeper_dir)["c0/main"]
    adopted = KeeperClient.connect(ws).ensure(keeping.spec(ws, "c0/main"))
    assert adopted.pid == before.pid
    keeping.kill(*keeping.marked(ws)[:2])
    sweep.sweep(ws)
    assert keeping.marked(ws) == []


LIFE = """
import os, sys; sys.path[:0] = sys.argv[1:]; from pathlib import Path; import keeping
from stackwright.runtime import sweep; from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace, mark_self
os.environ["STACK_STATE_DIR"] = "/tmp/state"
ws = Workspace.create(Path("/tmp/w/.stack/demo"), "demo", "stack.yaml")
with mark_self(ws):
    keeper = KeeperClient.connect(ws)
    keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE))
    keeper.ensure(keeping.shell(ws, "b/main", keeping.STUBBORN))
    keeping.until(lambda: len(keeping.marked(ws)) >= 6)
    keeping.kill(keeper.ping())
    SWEEP
ws.forget()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs namespaces")
@pytest.mark.parametrize(("sweep_it", "status"), [("sweep.sweep(ws)", 0), ("pass", 4)])
def test_the_census_of_a_machine_of_its_own_is_equal(sweep_it: str, status: int) -> None:
    """Counted by a listing that knows none of our marks; and the count does see what is left when nobody sweeps."""
    tests = Path(__file__).parents[1]
    program = LIFE.replace("SWEEP", sweep_it)
    done = subprocess.run(
        [sys.executable, str(tests / "isolated.py"), "--offline", "--allow", "/tmp/state", "--allow", "/tmp/w", "--",
         sys.executable, "-c", program, str(tests)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done
    assert ("census: equal" in done.stdout) == (status == 0), done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts something")
def test_a_full_disk(ws: Workspace) -> None:
    """Where nothing can be written down nothing is started; with space again everything works."""
    ws.keeper_dir.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(ws.keeper_dir)], check=True)
    try:
        keeper = KeeperClient.connect(ws)
        keeper.ensure(keeping.spec(ws, "a/main"))
        filler = ws.keeper_dir / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)
        with pytest.raises(StackError):
            keeper.ensure(keeping.spec(ws, "b/main"))
        filler.unlink()
        assert keeper.ensure(keeping.spec(ws, "b/main")).state == "up"
        assert units.read_all(ws.keeper_dir)["a/main"].state == "up"
        keeper.shutdown()
        assert keeping.marked(ws) == []
    finally:
        sweep.sweep(ws)
        subprocess.run(["umount", str(ws.keeper_dir)], check=True)
