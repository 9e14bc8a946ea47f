"""Components with real processes under a real keeper."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.runtime import component, process, units
from stackwright.runtime.cancel import Cancelled
from stackwright.runtime.secrets import Secrets
from webstack import Stack, argv_of_everything, ask, free_port


def ensure(stack: Stack, spec: dict[str, Any]) -> component.Observed:
    return component.ensure(stack.ws, spec, stack.progress, stack.cancel)


def alive(stack: Stack) -> list[str]:
    """Everything of this stack's components that runs."""
    return [unit.id for unit in units.read_all(stack.ws.keeper_dir).values() if unit.pid]


def fails(stack: Stack, spec: dict[str, Any]) -> Any:
    """The diagnostic of a start that fails; nothing of the component may go on after it."""
    with pytest.raises(StackError) as caught:
        ensure(stack, spec)
    assert alive(stack) == []
    assert component.observe(stack.ws, spec["component"]) is None
    return caught.value.diagnostics[0]


def step(program: str, run: str) -> dict[str, Any]:
    return {"command": ["python", "-c", program], "run": run}


def test_it_starts_answers_and_stops(stack: Stack) -> None:
    """A component is ready when `ensure` returns, is observed as it runs, and is gone with its port after `stop`."""
    spec = stack.spec()
    seen = ensure(stack, spec)
    assert ask(spec)["pid"] == seen.pids["main"]
    assert component.observe(stack.ws, "web") == seen
    assert seen.hash == component.hash_of(spec)
    component.stop(stack.ws, "web", stack.progress)
    assert component.observe(stack.ws, "web") is None
    assert alive(stack) == []
    assert not process.look(seen.pids["main"])


def test_its_environment_is_the_listed_one(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's environment gets through; a process's own variables win over the component's."""
    monkeypatch.setenv("PYTHONPATH", "/evil")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaked")
    spec = stack.spec(path=["/opt/tool/bin"])
    ensure(stack, spec)
    env = ask(spec)["env"]
    env.pop("LC_CTYPE", None)  # Python sets it itself
    folder = spec["folder"]
    assert env == {
        "PATH": f"/opt/tool/bin:{spec['environment']['prefix']}/bin:/usr/bin:/bin",
        "HOME": f"{folder}/home",
        "TMPDIR": f"{folder}/tmp",
        "LANG": "C.UTF-8",
        "STACK_ID": stack.ws.id,
        "STACK_COMPONENT": "web",
        "PASSWORD": Secrets(stack.ws.secrets_file).get_or_make("web.password"),
        "WHO": "main",
    }
    assert ask(spec)["cwd"] == f"{folder}/run"


def test_what_runs_as_asked_is_adopted(stack: Stack) -> None:
    """A second `ensure` touches nothing: same pids, same data."""
    spec = stack.spec()
    first = ensure(stack, spec)
    assert ensure(stack, spec) == first


def test_another_spec_restarts_it_on_the_same_data(stack: Stack) -> None:
    """A changed spec means new processes, one of them only, and the data folder stays which it was."""
    spec = stack.spec()
    first = ensure(stack, spec)
    Path(spec["folder"], "data/kept").write_text("x")
    changed = {**spec, "env": {**spec["env"], "MORE": "1"}}
    second = ensure(stack, changed)
    assert second.hash != first.hash and second.pids != first.pids
    assert second.generation == first.generation == component.generation(stack.ws, changed)
    assert ask(changed)["env"]["MORE"] == "1"
    assert Path(spec["folder"], "data/kept").read_text() == "x"
    assert not process.look(first.pids["main"])


def test_a_killed_one_is_seen_and_repaired(stack: Stack) -> None:
    """A process that is being restarted is not a running component, and `ensure` has it up again."""
    spec = stack.spec()
    first = ensure(stack, spec)
    for _ in range(6):  # more often than its watchdog forgives
        seen = component.observe(stack.ws, "web")
        if seen:
            os.kill(seen.pids["main"], signal.SIGKILL)
        time.sleep(0.05)
        assert component.observe(stack.ws, "web") is None or component.observe(stack.ws, "web") != first
    again = ensure(stack, spec)
    assert again.pids != first.pids
    assert ask(spec)["pid"] == again.pids["main"]


def test_once_starts_the_data_folder_afresh_until_it_succeeds(stack: Stack) -> None:
    """A half-made data folder is wiped before the next try, and after success the step never runs again."""
    program = (
        "import os, sys; tries = '../home/tries'; open(tries, 'a').write('x'); assert os.listdir('../data') == []\n"
        "open('../data/half', 'w').close(); sys.exit(len(open(tries).read()) < 2)"
    )
    spec = stack.spec(prepare=[step(program, "once")])
    told = fails(stack, spec)
    assert told.code == "P122" and "`python`, which exited with status 1" in told.detail
    assert component.generation(stack.ws, spec) is None  # the next start makes a fresh one
    first = ensure(stack, spec)
    component.stop(stack.ws, "web", stack.progress)
    second = ensure(stack, {**spec, "env": {**spec["env"], "MORE": "1"}})
    assert Path(spec["folder"], "home/tries").read_text() == "xx"
    assert first.generation == second.generation


def test_data_removed_by_hand_is_another_generation(stack: Stack) -> None:
    """Who deletes a data folder gets it made again, and everybody who depends on it is told by the generation."""
    spec = stack.spec(prepare=[step("open('../data/made', 'w').close()", "once")])
    first = ensure(stack, spec)
    component.stop(stack.ws, "web", stack.progress)
    shutil.rmtree(Path(spec["folder"], "data"))
    assert component.generation(stack.ws, spec) is None
    second = ensure(stack, spec)
    assert second.generation != first.generation
    assert Path(spec["folder"], "data/made").exists()


def test_a_new_once_step_does_not_wipe_data_in_use(stack: Stack) -> None:
    """A recipe that gets another `once` step, or its first, leaves a data folder that is in use as it is."""
    spec = stack.spec()
    first = ensure(stack, spec)
    Path(spec["folder"], "data/precious").write_text("x")
    made = step("open('../data/made', 'w').close()", "once")
    second = ensure(stack, {**spec, "prepare": [step("pass", "always"), made]})
    assert second.generation == first.generation
    assert Path(spec["folder"], "data/precious").exists() and not Path(spec["folder"], "data/made").exists()


def test_changed_and_always(stack: Stack) -> None:
    """`changed` runs again when its command, files, environment or version changed, `always` at each start."""
    count = "open('../home/{}', 'a').write('x')"
    spec = stack.spec(prepare=[step(count.format("changed"), "changed"), step(count.format("always"), "always")])

    def counts(**changed: Any) -> tuple[int, int]:
        ensure(stack, spec | changed)
        component.stop(stack.ws, "web", stack.progress)
        home = Path(spec["folder"], "home")
        return len((home / "changed").read_text()), len((home / "always").read_text())

    assert counts() == (1, 1)
    assert counts() == (1, 2)
    assert counts(stop={"signal": "INT", "timeout": 1.0}) == (1, 3)
    assert counts(env={**spec["env"], "MORE": "1"}) == (2, 4)
    assert counts(files=[*spec["files"], {"path": f"{spec['folder']}/run/sub/deep/x", "content": "1"}]) == (3, 5)
    assert counts() == (4, 6)


def test_files_are_closed_and_hold_the_secrets(stack: Stack) -> None:
    """Configuration is 0600 in folders of 0700, with secrets filled in, and a change is whole."""
    folder = stack.folder("web")
    files = [{"path": f"{folder}/run/conf/app.ini", "content": ["pw=", {"secret": "web.password"}, "\n"]}]
    spec = stack.spec()
    ensure(stack, {**spec, "files": [*spec["files"], *files]})
    path = Path(folder, "run/conf/app.ini")
    assert path.read_text() == f"pw={Secrets(stack.ws.secrets_file).get_or_make('web.password')}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(Path(folder, name).stat().st_mode) for name in ("", "data", "run", "home", "tmp")} == {0o700}
    assert [place.name for place in path.parent.iterdir()] == ["app.ini"]


def test_the_entry_is_copied(stack: Stack, tmp_path: Path) -> None:
    """The catalog's folder is there for the tool, as it is now, not as it was at an earlier start."""
    entry = tmp_path / "tiny"
    entry.mkdir()
    (entry / "old.py").write_text("1")
    folder = stack.folder("web")
    spec = stack.spec(entry={"from": str(entry), "to": f"{folder}/entry"})
    ensure(stack, spec)
    component.stop(stack.ws, "web", stack.progress)
    (entry / "old.py").rename(entry / "new.py")
    ensure(stack, spec)
    assert [place.name for place in Path(folder, "entry").iterdir()] == ["new.py"]


def test_no_secret_is_on_a_command_line(stack: Stack) -> None:
    """No argument of any process on the machine holds a secret while a component is prepared, starts and runs."""
    seen: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            seen.append(argv_of_everything())

    looking = threading.Thread(target=look)
    looking.start()
    ready = {"command": ["python", "-c", "import os; assert os.environ['PASSWORD']"], "timeout": 20.0}
    spec = stack.spec(prepare=[step("import time; time.sleep(0.3)", "always")], ready=ready)
    ensure(stack, spec)
    done.set()
    looking.join()
    secret = Secrets(stack.ws.secrets_file).get_or_make("web.password")
    assert any("time.sleep(0.3)" in argv for argv in seen) and any("server.py" in argv for argv in seen)
    assert not any(secret in argv for argv in seen)


@pytest.mark.parametrize("place", ["process", "prepare", "ready"])
def test_a_secret_word_is_refused(stack: Stack, place: str) -> None:
    """A spec that would put a secret among a command's words starts nothing."""
    words = ["python", "-c", ["pw=", {"secret": "web.password"}]]
    spec = stack.spec()
    if place == "process":
        spec["processes"][0]["command"] = words
    elif place == "prepare":
        spec["prepare"] = [{"command": words, "run": "always"}]
    else:
        spec["ready"] = {"command": words, "timeout": 5.0}
    assert fails(stack, spec).code == "P120"


def test_a_taken_port_is_told_before_anything_starts(stack: Stack) -> None:
    """Who holds the port is named, with its pid, and no file of the component is made."""
    spec = stack.spec()
    with http.server.HTTPServer(("127.0.0.1", spec["ports"]["web"]), http.server.BaseHTTPRequestHandler):
        told = fails(stack, spec)
    assert told.code == "P110" and f"(pid {os.getpid()})" in told.detail
    assert not Path(spec["folder"]).exists()


def test_a_stolen_port_is_not_health(stack: Stack) -> None:
    """A stranger that takes the port after the check and answers 200 is never reported as the component."""
    spec = stack.spec(env={"BEHAVE": "deaf", "WHO": "main"})
    thief: list[subprocess.Popen[bytes]] = []

    def progress(subject: str, phase: str, text: str) -> None:
        if phase == "starting" and not thief:
            command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(spec["ports"]["web"])]
            thief.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/"))

    try:
        with pytest.raises(StackError) as caught:
            component.ensure(stack.ws, spec, progress, stack.cancel)
        assert thief[0].poll() is None
    finally:
        thief[0].kill()
        thief[0].wait()
    assert caught.value.diagnostics[0].code == "P110"
    assert f"(pid {thief[0].pid})" in caught.value.diagnostics[0].detail
    assert alive(stack) == []


def test_dying_before_ready_is_told_with_its_last_words(stack: Stack) -> None:
    """The status, the end of the log without the secret in it, and the command that shows it all."""
    spec = stack.spec(env={"BEHAVE": "die", "PASSWORD": [{"secret": "web.password"}]})
    Path(stack.ws.components / "web").mkdir(parents=True)
    (stack.ws.components / "web/log").write_text("of an earlier start\n")
    told = fails(stack, spec)
    assert told.code == "P111"
    assert told.detail.startswith("`web` (tinyweb@process) exited with status 3 at ")
    assert "  the password is ***" in told.detail
    assert "earlier" not in told.detail
    assert told.hint.endswith("    stack logs web")


def test_never_ready_is_told_and_stopped(stack: Stack) -> None:
    """A process that runs but does not answer is stopped when its time is up."""
    spec = stack.spec(env={"BEHAVE": "deaf", "WHO": "main"})
    spec["ready"]["timeout"] = 1.0
    told = fails(stack, spec)
    assert told.code == "P112" and "does not answer" in told.detail


def test_a_program_that_is_not_there_is_told(stack: Stack) -> None:
    """A misspelt program is named, for a process and for a step."""
    spec = stack.spec()
    spec["processes"][0]["command"] = ["pyton", "server.py"]
    told = fails(stack, spec)
    assert told.code == "P111" and "cannot execute `pyton`" in told.detail
    told = fails(stack, stack.spec(prepare=[{"command": ["pyton"], "run": "always"}]))
    assert told.code == "P122" and "cannot execute `pyton`: No such file or directory" in told.detail


def several(stack: Stack) -> dict[str, Any]:
    """A server and two clients that exit where the server does not answer yet."""
    port = free_port()
    client = (
        "import os, signal, socket, sys, time\n"
        f"socket.create_connection(('127.0.0.1', {port}))\n"
        "def stop(*_):\n    open('../data/stopped', 'a').write(os.environ['WHO'] + '\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\nopen('../data/up.' + os.environ['WHO'], 'w').close()\ntime.sleep(600)"
    )
    ready = {"http": f"http://127.0.0.1:{port}/", "timeout": 20.0}
    processes = [stack.process("main", port, ready=ready)]
    for number in range(2):
        listens = {"command": ["ls", f"../data/up.worker.{number}"], "timeout": 20.0}
        changed = {"command": ["python", "-c", client], "after": ["main"], "ready": listens}
        processes.append(stack.process(f"worker.{number}", port, **changed))
    return stack.spec(port=port, processes=processes)


def test_processes_start_and_stop_in_order(stack: Stack) -> None:
    """What comes `after` another starts when that is ready, and the last started stops first."""
    spec = several(stack)
    seen = ensure(stack, spec)
    assert list(seen.pids) == ["main", "worker.0", "worker.1"]
    component.stop(stack.ws, "web", stack.progress)
    assert Path(spec["folder"], "data/stopped").read_text().split() == ["worker.1", "worker.0", "main"]


def test_one_of_several_dead_is_not_up(stack: Stack) -> None:
    """A component is only up when all its processes are, and one that dies at the start fails it by name."""
    spec = several(stack)
    spec["processes"][2] |= {"command": ["python", "-c", "import sys; sys.exit(4)"], "ready": None}
    spec["ready"] = {"command": ["python", "-c", "import time; time.sleep(1)"], "timeout": 20.0}
    told = fails(stack, spec)
    assert told.code == "P111" and "its process `worker.1` exited with status 4" in told.detail


def test_fewer_processes_leave_none_behind(stack: Stack) -> None:
    """A process that the new spec has no more is stopped."""
    spec = several(stack)
    ensure(stack, spec)
    seen = ensure(stack, {**spec, "processes": spec["processes"][:2]})
    assert list(seen.pids) == ["main", "worker.0"]
    assert sorted(alive(stack)) == ["web/main", "web/worker.0"]


def test_a_cancelled_start_is_adopted_later(stack: Stack) -> None:
    """What a stopped `up` had started goes on, and the next one takes it over as it is."""
    spec = stack.spec()
    real = spec["ready"]

    def progress(subject: str, phase: str, text: str) -> None:
        if phase == "waiting":
            stack.cancel.set()

    with pytest.raises(Cancelled):
        component.ensure(stack.ws, spec, progress, stack.cancel)
    assert alive(stack) == ["web/main"]
    stack.cancel.clear()
    before = units.read_all(stack.ws.keeper_dir)["web/main"].pid
    assert ensure(stack, spec).pids["main"] == before
    assert real == spec["ready"]


def test_two_components_do_not_touch_each_other(stack: Stack) -> None:
    """A name that begins like another's is another component."""
    one, two = stack.spec("web"), stack.spec("web.store")
    first = ensure(stack, one)
    ensure(stack, two)
    component.stop(stack.ws, "web.store", stack.progress, keep_data=False)
    assert component.observe(stack.ws, "web") == first
    assert not Path(two["folder"]).exists() and Path(one["folder"]).exists()


def test_removing_takes_folders_a_tool_closed(stack: Stack) -> None:
    """Data that its tool made read-only goes too, and nothing outside the component's own folder."""
    spec = stack.spec(prepare=[step("import os; os.makedirs('../data/a/b'); os.chmod('../data/a', 0o500)", "once")])
    Path(stack.ws.components).mkdir(exist_ok=True)
    outside = stack.ws.components / "keep"
    outside.mkdir()
    ensure(stack, spec)
    Path(spec["folder"], "data/link").symlink_to(outside)
    component.stop(stack.ws, "web", stack.progress, keep_data=False)
    assert not Path(spec["folder"]).exists() and outside.exists()
    component.remove(stack.ws, "../..")
    component.remove(stack.ws, "")
    assert stack.ws.root.exists()


def test_what_is_not_known_is_nothing(stack: Stack) -> None:
    """An id that was never started is not observed, and stopping or removing it is no error."""
    assert component.observe(stack.ws, "nobody") is None
    component.stop(stack.ws, "nobody", stack.progress, keep_data=False)


def test_looking_is_cheap(stack: Stack) -> None:
    """`observe` starts nothing and asks nobody: the refresh of a plan calls it for each component."""
    ensure(stack, stack.spec())
    began = time.process_time()
    for _ in range(50):
        component.observe(stack.ws, "web")
    assert (time.process_time() - began) / 50 < 0.01


def test_a_full_or_closed_place_is_told(stack: Stack) -> None:
    """Where the folder cannot be made, that is what is said."""
    spec = stack.spec()
    stack.ws.components.write_text("in the way")
    with pytest.raises(StackError, match="P123") as caught:
        ensure(stack, spec)
    assert spec["folder"] in caught.value.diagnostics[0].detail
    stack.ws.components.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_refuses_root_runs_as_nobody(stack: Stack, tmp_path: Path) -> None:
    """Steps and processes run unprivileged, in folders of that user's, with the entry and the files readable to it."""
    (tmp_path / "secret-home").mkdir(mode=0o700)
    entry = tmp_path / "secret-home/tiny"
    entry.mkdir()
    (entry / "words.txt").write_text("hello")
    folder = stack.folder("web", unprivileged=True)
    program = "import os; assert os.getuid() == 65534 == os.getgid() and os.getgroups() in ([], [65534])\n"
    program += f"open('{folder}/entry/words.txt')"
    spec = stack.spec(
        unprivileged=True,
        entry={"from": str(entry), "to": f"{folder}/entry"},
        prepare=[step(program, "once")],
        ready={"command": ["python", "-c", "import os; assert os.getuid() == 65534"], "timeout": 20.0},
    )
    ensure(stack, spec)
    time.sleep(0.5)
    assert ask(spec)["uid"] == 65534
    assert Path(folder).stat().st_uid == Path(folder, "run/server.py").stat().st_uid == 65534
    component.stop(stack.ws, "web", stack.progress, keep_data=False)
    assert not Path(folder).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_environment_closed_to_nobody_is_told_before_the_start(stack: Stack, tmp_path: Path) -> None:
    """A tool that is dropped to another user does not fail with a riddle: the closed folder is named."""
    spec = stack.spec(unprivileged=True)
    closed = tmp_path / "environments/x"
    shutil.copytree(spec["environment"]["prefix"], closed, symlinks=True)
    spec["environment"] = {"key": "x", "prefix": str(closed)}
    told = fails(stack, spec)
    assert told.code == "P121" and str(closed) in told.detail


def test_the_journal_comes_before_the_act(stack: Stack) -> None:
    """Each step of a start is on disk with the identity of what it ran, in order."""
    spec = stack.spec(prepare=[step("pass", "always")])
    ensure(stack, spec)
    lines = [json.loads(line) for line in (stack.ws.journal_dir / "client.jsonl").read_text().splitlines()]
    assert [(line["op"], line["kind"]) for line in lines] == [
        ("intent", "process"), ("intent", "prepare"), ("spawned", "prepare"), ("exit", "prepare"), ("ready", "process"),
    ]  # fmt: skip
    assert {"boot", "pid", "start"} <= lines[2].keys()
