"""The keeper and its shims, with real processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import keeping
from stackwright.errors import StackError
from stackwright.runtime import journal, process, units
from stackwright.runtime.client import KeeperClient, running
from stackwright.runtime.workspace import Workspace

pytestmark = pytest.mark.skipif(not process.LINUX, reason="looks into /proc")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


@pytest.fixture
def ws(user_folders: Path) -> Iterator[Workspace]:
    with keeping.workspace(user_folders) as made:
        yield made


@pytest.fixture
def keeper(ws: Workspace) -> KeeperClient:
    return KeeperClient.connect(ws)


def log_of(ws: Workspace) -> str:
    return (ws.root / "log").read_text()


def test_the_same_spec_is_adopted_and_another_replaces_it(ws: Workspace, keeper: KeeperClient) -> None:
    """`ensure` is idempotent by id and hash; a changed hash means a restart."""
    first = keeper.ensure(keeping.spec(ws, "a/main"))
    again = keeper.ensure(keeping.spec(ws, "a/main"))
    changed = keeper.ensure(keeping.spec(ws, "a/main", version="2"))
    assert first.pid == again.pid != changed.pid
    assert process.look(first.pid or 0) is None
    assert units.read_all(ws.keeper_dir)["a/main"].state == "up"


def test_a_tool_inherits_nothing_but_its_spec(ws: Workspace, keeper: KeeperClient) -> None:
    """Environment, descriptors, signals, session and input are the tool's own, values exact to the byte."""
    value = "p%w\"'\\n$ {{x}} é"
    program = (
        "import os, signal, sys\n"
        "print(ascii(dict(os.environ)), sorted(os.listdir('/proc/self/fd')), os.getsid(0) == os.getpid(),\n"
        "      sys.stdin.read() == '', signal.getsignal(signal.SIGHUP) == signal.SIG_DFL,\n"
        "      signal.pthread_sigmask(0, []) == set(), os.getcwd(), flush=True)\n"
        "import time; time.sleep(1000)"
    )
    keeper.ensure(keeping.python(ws, "a/main", program, env={"X": value, "LC_ALL": "C.UTF-8"}, cwd=str(ws.root)))
    keeping.until(lambda: log_of(ws).endswith("\n"))
    got = log_of(ws)
    assert got.startswith(ascii({"X": value, "LC_ALL": "C.UTF-8"})), got
    assert got.rsplit("} ", 1)[1] == f"['0', '1', '2', '3'] True True True True {ws.root}\n"  # 3: the listing's own
    assert stat.S_IMODE((ws.root / "log").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"argv": ("no-such-program",)}, "cannot execute `no-such-program`: No such file or directory"),
        ({"cwd": "/no/such/folder"}, "cannot enter `/no/such/folder`: No such file or directory"),
    ],
)
def test_what_cannot_be_executed_fails_at_once(
    ws: Workspace, keeper: KeeperClient, more: dict[str, object], reason: str
) -> None:
    """A program or folder that is not there is no reason for restarts, and says what is wrong."""
    unit = keeper.ensure(keeping.spec(ws, "a/main", **more))
    assert (unit.state, unit.pid, unit.reason) == ("failed", None, reason)
    assert keeper.ensure(keeping.spec(ws, "a/main", version="2")).state == "up"


def test_stop_uses_the_tools_own_signal(ws: Workspace, keeper: KeeperClient) -> None:
    """The main process is asked in its own way first, and has the time to end well."""
    keeper.ensure(
        keeping.shell(ws, "a/main", "trap 'echo bye; exit 0' INT; while :; do sleep 0.05; done", signal="INT")
    )
    time.sleep(0.2)
    keeper.stop(["a/main"])
    assert log_of(ws) == "bye\n"
    assert units.read_all(ws.keeper_dir)["a/main"].state == "down"


def test_a_tool_that_will_not_stop_is_killed(ws: Workspace, keeper: KeeperClient) -> None:
    """After the tool's timeout come TERM and KILL, for everything below it."""
    keeper.ensure(keeping.shell(ws, "a/main", keeping.STUBBORN, timeout=0.5))
    time.sleep(0.2)
    began = time.monotonic()
    keeper.stop(["a/main"])
    assert time.monotonic() - began < 6
    assert len(keeping.marked(ws)) == 1  # the keeper


def test_a_stopped_process_can_be_stopped(ws: Workspace, keeper: KeeperClient) -> None:
    """A tool, or its shim, that somebody froze with SIGSTOP ends like any other."""
    pid = keeper.ensure(keeping.spec(ws, "a/main")).pid or 0
    shim = process.look(pid)
    assert shim
    os.kill(pid, signal.SIGSTOP)
    os.kill(shim.ppid, signal.SIGSTOP)
    keeper.stop(["a/main"])
    assert len(keeping.marked(ws)) == 1


def test_a_daemon_that_escapes_is_stopped_with_its_tool(ws: Workspace, keeper: KeeperClient) -> None:
    """Double fork, own session, empty environment and cwd=/ do not lead out of a shim."""
    keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE))
    keeping.until(lambda: len(keeping.marked(ws)) == 4)  # keeper, shim, tool, daemon
    keeper.stop(["a/main"])
    assert len(keeping.marked(ws)) == 1


def test_stops_run_side_by_side(ws: Workspace, keeper: KeeperClient) -> None:
    """Four stubborn tools take as long as one, and the keeper answers meanwhile."""
    names = [f"c{number}/main" for number in range(4)]
    for name in names:
        keeper.ensure(keeping.shell(ws, name, keeping.STUBBORN, timeout=0.5))
    time.sleep(0.2)
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        done = pool.submit(keeper.stop_together, names)
        time.sleep(0.1)
        keeper.ping()
        assert time.monotonic() - began < 1
        done.result()
    assert time.monotonic() - began < 6  # one takes 2.5 s
    assert len(keeping.marked(ws)) == 1


def test_stop_goes_backwards(ws: Workspace, keeper: KeeperClient) -> None:
    """What was started last is stopped first, and is gone before the next is told."""
    for name in ("a/one", "a/two", "a/three"):
        script = f"trap 'sleep 0.1; echo {name}; exit' TERM; while :; do sleep 0.02; done"
        keeper.ensure(keeping.shell(ws, name, script))
    time.sleep(0.3)
    keeper.stop(["a/one", "a/two", "a/three"])
    assert log_of(ws).split() == ["a/three", "a/two", "a/one"]


def test_a_dead_tool_is_restarted(ws: Workspace, keeper: KeeperClient) -> None:
    """A tool that dies by itself comes back, with what it left behind ended first, and nobody else is touched."""
    other = keeper.ensure(keeping.spec(ws, "b/main"))
    unit = keeper.ensure(keeping.shell(ws, "a/main", "sleep 500 & exec sleep 1000"))
    assert unit.pid
    keeping.until(lambda: len(process.descendants(unit.pid or 0)) == 1)
    orphan = process.descendants(unit.pid)[0].identity
    keeping.kill(unit.pid)
    keeping.until(lambda: (now := units.read_all(ws.keeper_dir)["a/main"]).state == "up" and now.pid != unit.pid)
    now = units.read_all(ws.keeper_dir)["a/main"]
    assert now.restarts == 1
    assert now.reason.startswith("was killed by SIGKILL at ")
    assert not process.alive(orphan)
    assert units.read_all(ws.keeper_dir)["b/main"].pid == other.pid


def test_five_deaths_in_a_minute_are_the_end(ws: Workspace, keeper: KeeperClient) -> None:
    """The fifth death makes the unit `failed`, with the reason, within seconds; `ensure` starts it afresh."""
    keeper.ensure(keeping.spec(ws, "a/main"))
    for death in range(5):
        keeping.until(lambda: units.read_all(ws.keeper_dir)["a/main"].state == "up")
        keeping.kill(units.read_all(ws.keeper_dir)["a/main"].pid or 0)
        if death < 4:
            keeping.until(lambda d=death: units.read_all(ws.keeper_dir)["a/main"].restarts == d + 1)  # type: ignore[misc]
    keeping.until(lambda: units.read_all(ws.keeper_dir)["a/main"].state == "failed", 5)
    unit = units.read_all(ws.keeper_dir)["a/main"]
    assert unit.reason.startswith("was killed by SIGKILL at ")
    assert unit.reason.endswith("5 times within 60 s")
    assert "not restarted any more" in log_of(ws)
    fresh = keeper.ensure(keeping.spec(ws, "a/main"))
    assert (fresh.state, fresh.restarts) == ("up", 0)


def test_a_killed_keeper_is_replaced_and_no_tool_notices(ws: Workspace, keeper: KeeperClient) -> None:
    """Shims go on without a keeper, restart what dies, and the next keeper knows all of it."""
    units_before = {name: keeper.ensure(keeping.spec(ws, name)) for name in ("a/main", "b/main")}
    keeping.kill(keeper.ping())
    assert not running(ws)
    assert {name: unit.pid for name, unit in units.read_all(ws.keeper_dir).items()} == {
        name: unit.pid for name, unit in units_before.items()
    }
    keeping.kill(units_before["b/main"].pid or 0)
    keeping.until(lambda: units.read_all(ws.keeper_dir)["b/main"].state == "up")
    again = keeper.ensure(keeping.spec(ws, "a/main"))
    assert again.pid == units_before["a/main"].pid
    assert units.read_all(ws.keeper_dir)["b/main"].restarts == 1
    keeper.stop(["a/main", "b/main"])
    assert keeping.marked(ws) == [keeper.ping()]


def test_a_killed_shim_gets_a_guard(ws: Workspace, keeper: KeeperClient) -> None:
    """A tool without its shim runs on, is stopped in its own way, and its death is not hidden."""
    trap = "trap 'echo bye; exit 0' INT; while :; do sleep 0.05; done"
    unit = keeper.ensure(keeping.shell(ws, "a/main", trap, signal="INT"))
    shim = process.look(unit.pid or 0)
    assert shim
    keeping.kill(shim.ppid)
    keeping.until(lambda: any(p.name.startswith("guard") for p in process.snapshot().values()))
    assert keeper.ensure(keeping.shell(ws, "a/main", trap, signal="INT")).pid == unit.pid
    keeper.stop(["a/main"])
    assert log_of(ws) == "bye\n"
    unit = keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE, version="2"))
    keeping.until(lambda: len(keeping.marked(ws)) == 4)
    keeper.stop(["nothing"])  # makes the keeper look
    keeping.kill(process.look(unit.pid or 0).ppid, unit.pid or 0)  # type: ignore[union-attr]
    keeping.until(lambda: units.read_all(ws.keeper_dir)["a/main"].state == "failed")
    keeping.until(lambda: len(keeping.marked(ws)) == 1)


def test_secrets_are_only_in_the_tools_environment(ws: Workspace, keeper: KeeperClient) -> None:
    """Nothing on disk and no command line shows a value that came through the socket."""
    secret = "s3cretS3cretS3cret"
    keeper.ensure(keeping.spec(ws, "a/main", env={"PATH": os.environ["PATH"], "PASSWORD": secret}))
    keeper.ensure(keeping.spec(ws, "b/main", "no-such", env={"PASSWORD": secret}))
    files = [path for path in ws.root.rglob("*") if path.is_file()]
    assert {"keeper.jsonl", "a%2Fmain.json", "log"} <= {path.name for path in files}
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert [p for p in keeping.marked(ws) if secret.encode() in Path(f"/proc/{p}/cmdline").read_bytes()] == []


def test_many_threads_at_once(ws: Workspace, keeper: KeeperClient) -> None:
    """64 threads that ask for 16 units get 16 processes, each the same answer."""
    with ThreadPoolExecutor(64) as pool:
        results = list(pool.map(lambda n: keeper.ensure(keeping.spec(ws, f"c{n % 16}/main")), range(64)))
    assert len({result.pid for result in results}) == 16
    entries = journal.read(ws.journal_dir / "keeper.jsonl")
    assert sum(entry["op"] == "spawned" for entry in entries) == 16
    assert len(keeping.marked(ws)) == 1 + 2 * 16


def test_only_one_keeper(ws: Workspace) -> None:
    """Of commands that find no keeper at the same time, one starts it and all use that one."""
    program = (
        "import sys; from pathlib import Path; from stackwright.runtime.workspace import Workspace\n"
        "from stackwright.runtime.client import KeeperClient\n"
        "print(KeeperClient.connect(Workspace.open(Path(sys.argv[1]))).ping())"
    )
    clients = [
        subprocess.Popen([sys.executable, "-c", program, str(ws.root)], stdout=subprocess.PIPE) for _ in range(5)
    ]
    answers = {client.communicate()[0] for client in clients}
    assert len(answers) == 1
    assert keeping.marked(ws) == [int(answers.pop())]


def test_a_very_long_path(user_folders: Path) -> None:
    """A workspace deeper than a unix socket's path may be works all the same."""
    deep = user_folders / ("d" * 120) / ("e" * 120)
    with keeping.workspace(deep) as ws:
        keeper = KeeperClient.connect(ws)
        assert keeper.ensure(keeping.spec(ws, "a/main")).state == "up"
        keeper.shutdown()
        assert keeping.marked(ws) == []


def test_shutdown_leaves_nothing(ws: Workspace, keeper: KeeperClient) -> None:
    """Everything stops at once, orphans too, then the keeper; a second shutdown is fine and starts nothing."""
    keeper.ensure(keeping.python(ws, "a/main", keeping.HOSTILE))
    keeper.ensure(keeping.shell(ws, "b/main", keeping.STUBBORN))
    keeping.until(lambda: len(keeping.marked(ws)) >= 6)
    keeper.shutdown()
    assert keeping.marked(ws) == []
    keeper.shutdown()
    assert keeping.marked(ws) == []
    assert not running(ws)


def test_shutdown_stops_what_a_dead_keeper_left(ws: Workspace, keeper: KeeperClient) -> None:
    """Without a keeper, shutdown starts one to stop the shims in an orderly way."""
    script = "trap 'echo bye; exit' TERM; while :; do sleep 0.05; done"
    keeper.ensure(keeping.shell(ws, "a/main", script))
    time.sleep(0.2)
    keeping.kill(keeper.ping())
    keeper.shutdown()
    assert log_of(ws) == "bye\n"
    assert keeping.marked(ws) == []


def test_a_start_that_fails_is_tried_again(ws: Workspace) -> None:
    """A keeper that dies before it serves is replaced; one that cannot come up is told, with its log."""
    blocked, log = ws.keeper_dir / "lock", ws.keeper_dir / "log"
    blocked.mkdir(parents=True)
    with pytest.raises(StackError) as caught:
        KeeperClient.connect(ws)
    assert "it ended with status 1 at its start" in caught.value.diagnostics[0].detail
    assert log.read_text().count("IsADirectoryError") == 3

    log.unlink()

    def unblock() -> None:
        while not (log.exists() and "IsADirectoryError" in log.read_text()):
            time.sleep(0.005)
        blocked.rmdir()

    mending = threading.Thread(target=unblock)
    mending.start()
    KeeperClient.connect(ws).shutdown()
    mending.join()


def test_without_start_nothing_is_started(ws: Workspace) -> None:
    """A client that only wants to look gets an error that says how to go on, and no keeper."""
    with pytest.raises(StackError) as caught:
        KeeperClient.connect(ws, start=False)
    assert caught.value.diagnostics[0].code == "P150"
    assert keeping.marked(ws) == []


def test_a_keeper_whose_workspace_is_deleted_goes(ws: Workspace, keeper: KeeperClient) -> None:
    """Somebody removes the folder by hand: an idle keeper does not stay behind for ever."""
    pid = keeper.ping()
    assert keeping.marked(ws) == [pid]
    subprocess.run(["rm", "-rf", str(ws.root)], check=True)
    keeping.until(lambda: process.look(pid) is None)
    assert not ws.root.exists()  # nor does it write there on its way out


def test_folder_and_socket_are_private(ws: Workspace, keeper: KeeperClient) -> None:
    """Nobody else reaches the keeper: folder 0700, socket and files 0600."""
    assert stat.S_IMODE(ws.keeper_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((ws.keeper_dir / "socket").stat().st_mode) == 0o600
    keeper.ensure(keeping.spec(ws, "a/main"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in (ws.keeper_dir / "units").iterdir()} == {0o600}
    assert stat.S_IMODE((ws.journal_dir / "keeper.jsonl").stat().st_mode) == 0o600


@needs_root
def test_another_user_is_refused(ws: Workspace, keeper: KeeperClient) -> None:
    """Even one who got past the permissions of folder and socket is asked who he is, and gets no answer."""
    ws.keeper_dir.chmod(0o755)
    (ws.keeper_dir / "socket").chmod(0o666)
    program = (
        "import os, socket; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "with socket.socket(socket.AF_UNIX) as s:\n"
        "    s.connect('socket')\n"
        "    try:\n"
        '        s.send(b\'{"op":"ping"}\\n\'); print(s.recv(99))\n'
        "    except OSError as error:\n"
        "        print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=ws.keeper_dir, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() in ("b''", "BrokenPipeError", "ConnectionResetError"), done
    assert keeper.ping()


@needs_root
def test_a_tool_is_dropped_to_its_user(ws: Workspace, keeper: KeeperClient) -> None:
    """User, group and no supplementary groups; the log stays ours and still takes what it writes."""
    keeper.ensure(keeping.shell(ws, "a/main", "id -u; id -g; id -G; exec sleep 1000", user=(65534, 65534)))
    keeping.until(lambda: log_of(ws).count("\n") == 3)
    assert log_of(ws).split() == ["65534", "65534", "65534"]
    assert (ws.root / "log").stat().st_uid == 0


def test_a_log_that_is_a_link_is_refused(ws: Workspace, keeper: KeeperClient, tmp_path: Path) -> None:
    """The tool's user owns the folder of its log; it must not lead us to write elsewhere."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (ws.root / "log").symlink_to(victim)
    with pytest.raises(StackError):
        keeper.ensure(keeping.spec(ws, "a/main", "echo", "yours"))
    assert victim.read_text() == "mine"


def test_a_long_life_leaks_nothing(ws: Workspace, keeper: KeeperClient) -> None:
    """After many starts, stops and questions the keeper has the descriptors and children it had before."""
    pid = keeper.ping()

    def held() -> tuple[int, int]:
        return len(list(Path(f"/proc/{pid}/fd").iterdir())), len(process.descendants(pid))

    keeper.ensure(keeping.spec(ws, "a/main"))
    before = held()
    for number in range(40):
        keeper.ensure(keeping.spec(ws, "b/main", version=str(number)))
        keeper.ping()
    keeper.stop(["b/main"])
    assert held() == before


def test_the_journal_tells_the_story(ws: Workspace, keeper: KeeperClient) -> None:
    """Intent and identity are on disk before a process runs, and its end is noted."""
    unit = keeper.ensure(keeping.spec(ws, "a/main"))
    keeper.stop(["a/main"])
    keeper.shutdown()
    entries = journal.read(ws.journal_dir / "keeper.jsonl")
    ops = [entry["op"] for entry in entries]
    assert [op for op in ops if op != "seen"] == ["intent", "spawned", "exit", "done"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert unit.pid in {entry.get("pid") for entry in entries if entry["op"] == "seen"}


def test_keeper_and_shims_are_small(ws: Workspace, keeper: KeeperClient) -> None:
    """A keeper and the shims of ten tools together have at most 40 MB (PSS)."""
    for number in range(10):
        keeper.ensure(keeping.spec(ws, f"c{number}/main"))
    pids = [pid for pid in keeping.marked(ws) if (p := process.look(pid)) and p.name.startswith(("stack-", "shim:"))]
    assert len(pids) == 11
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    sizes = [int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")]
    assert sum(sizes) <= 40_000
