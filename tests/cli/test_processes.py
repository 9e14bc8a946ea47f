"""What only a process of its own can show: signals, pipes, terminals, and the commands that become another."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# `stack list` on made-up operations: many stacks, or a wait that tells when it has begun and when it has ended.
MANY = """
from stackwright.model.report import StackEntry
from stackwright.operations import status
status.stacks = lambda: tuple(StackEntry(f"s{n}", f"s{n}", "/w", "/m", "2026-11-24", "up") for n in range(50_000))
"""
WAITING = """
import sys, time
from stackwright.operations import status
def stacks():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        print("let go", flush=True)
status.stacks = stacks
"""
# `stack up` that reports progress, and one that is known by its environment and its logs.
RISING = """
import time
from pathlib import Path
from types import SimpleNamespace
from stackwright.model.report import Event, StackStatus, UpResult
from stackwright.operations import find, up
find.find = lambda file, name: SimpleNamespace(manifest=Path("stack.yaml"), workspace=None, name="churn")
def rise(target, progress):
    for event in (
        Event("sequel-0123456789abcdef", "installing"), Event("jobs-0123456789abcdef", "installing"),
        Event("sequel-0123456789abcdef", "ready"), Event("database", "starting", "port 20001"),
        Event("jobs-0123456789abcdef", "ready"), Event("database", "ready"),
        Event("experiment-tracking.backend_store", "granting"), Event("experiment-tracking.backend_store", "ready"),
        Event("experiment-tracking", "waiting", "http://127.0.0.1:20002/health and a text that is too long for a line"),
        Event("serving", "failed", "exited"), Event("experiment-tracking", "ready"),
    ):
        progress(event)
        time.sleep(0.05)
    return UpResult("churn", "churn-3fa1bc", "/w", 3.0, (), StackStatus("churn", "churn-3fa1bc", "/w", ()))
up.up = rise
"""
KNOWN = """
from pathlib import Path
from types import SimpleNamespace
from stackwright.operations import find, status
find.find = lambda file, name: SimpleNamespace(manifest=Path("stack.yaml"), workspace=None, name="churn")
status.hidden = lambda target: str
status.environment = lambda target: {"STACK_DATABASE_HOST": "127.0.0.1", "PATH": "/jobs/bin:/usr/bin"}
status.logs = lambda target, component: {
    name: Path(name + ".log") for name in ("database", "serving") if component in (None, name)
}
"""
MAIN = "\nimport sys\nfrom stackwright.app import main\nsys.exit(main())"


def command(prelude: str, *words: str) -> list[str]:
    return [sys.executable, "-c", prelude + MAIN, *words]


@pytest.fixture
def started(here: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended with the test."""
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def start(started: list[subprocess.Popen[str]], words: Sequence[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(number: int, started: list[subprocess.Popen[str]]) -> None:
    """Ctrl-C, a polite kill and a closed terminal let the operation clean up, and end with one line and 130."""
    process = start(started, command(WAITING, "list"))
    assert process.stdout and process.stdout.readline() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "let go\n", "Stopped.\n")


def test_nohup(started: list[subprocess.Popen[str]]) -> None:
    """Whoever ignores SIGHUP goes on after it."""
    process = start(started, ["nohup", *command(WAITING, "list")])
    assert process.stdout and process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)


@pytest.mark.parametrize("words", [("list",), ("list", "--json")])
def test_closed_pipe(
    words: Sequence[str], started: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`stack list | head -1` ends quietly."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # then Python itself loses the error of a partial write
    process = start(started, command(MANY, *words))
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert (process.stderr.read(), process.wait(timeout=20)) == ("", 141)


def on_a_terminal(words: Sequence[str], columns: int = 80, keys: bytes = b"", **variables: str) -> str:
    """All that a terminal of so many columns receives; `keys` are typed at the first pause."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "40", **variables}
        os.execvpe(words[0], list(words), environment)
    received = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 2.0 if keys else 20.0)
        if not ready and keys:
            os.write(terminal, keys)
            keys = b""
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux reports the end like this
            piece = b""
        if not piece:
            break
        received += piece
    os.close(terminal)
    os.waitpid(child, 0)
    return received.decode()


SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_colours(here: Path) -> None:
    """A terminal gets colours, unless NO_COLOR or TERM=dumb says otherwise; the words are the same."""
    coloured = on_a_terminal(command("", "list"))
    assert SGR.search(coloured)
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = on_a_terminal(command("", "list"), **variables)
        assert "\x1b" not in plain
        assert plain == SGR.sub("", coloured)


def test_live_progress(here: Path) -> None:
    """On a terminal each component has one line that ends with a mark and its seconds; installs are counted."""
    picture = on_a_terminal(command(RISING, "up"))
    assert any(mark in picture for mark in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
    flat = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).replace("\r", "\n")
    final = flat[flat.rindex("environments") - 2 :]
    assert re.search(r"✓ environments +ready +2 of 2 +\d\.\d s", final)
    assert re.search(r"✓ wires +ready +1 of 1 +\d\.\d s", final)
    assert re.search(r"✓ experiment-tracking +ready +\d\.\d s", final)
    assert re.search(r"✗ serving +failed +exited +\d\.\d s", final)
    assert picture.count("\x1b[?25l") == picture.count("\x1b[?25h") == 1  # the cursor comes back


@pytest.mark.parametrize("columns", [80, 60])
def test_live_progress_fits(columns: int, here: Path) -> None:
    """No line of the live board is wider than the terminal."""
    received = on_a_terminal(command(RISING, "up"), columns, NO_COLOR="1")
    flat = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", received)
    assert max(len(line) for line in re.split(r"[\r\n]+", flat)) <= columns


def test_plain_progress(here: Path, snapshot: object) -> None:
    """In a pipe each event is a line with its time, without control characters; --quiet has none."""
    done = subprocess.run(command(RISING, "up"), capture_output=True, text=True, check=True)
    snapshot("progress-plain", done.stderr)  # type: ignore[operator]
    quiet = subprocess.run(command(RISING, "up", "--quiet"), capture_output=True, text=True, check=True)
    assert quiet.stdout + quiet.stderr == ""


def test_exec(here: Path) -> None:
    """A command gets the user's environment with the stack's on top, its own options, and its exit code is ours."""
    script = "echo $ANN $STACK_DATABASE_HOST $PATH; trap; exit 7"
    environment = {**os.environ, "ANN": "here", "PATH": "/usr/bin:/bin:/own"}
    for words in (["exec", "--", "sh", "-c", script], ["exec", "sh", "-c", script]):
        done = subprocess.run(command(KNOWN, *words), env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (7, "here 127.0.0.1 /jobs/bin:/usr/bin:/bin:/own\n")


def test_exec_dies_of_a_closed_pipe(here: Path) -> None:
    """The command does not inherit that Python ignores SIGPIPE: `stack exec -- yes | head -1` ends."""
    piped = f"{' '.join(map(repr, [sys.executable, 'exec.py', 'exec', '--', 'yes']))} | head -1"
    (here / "exec.py").write_text(KNOWN + MAIN)
    done = subprocess.run(
        ["bash", "-c", piped + '; echo "${PIPESTATUS[0]}"'], check=False, capture_output=True, text=True, timeout=20
    )
    assert (done.stdout, done.stderr) == ("y\n141\n", "")


def test_exec_of_nothing(here: Path, snapshot: object) -> None:
    """A command that does not exist is a mistake with a hint."""
    done = subprocess.run(command(KNOWN, "exec", "--", "no-such-thing"), capture_output=True, text=True, check=False)
    snapshot("exec-of-nothing", f"{done.returncode}\n{done.stderr}")  # type: ignore[operator]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shell(shell: str, here: Path) -> None:
    """The user's shell runs with the stack's environment, its name in the prompt, and a line on how to leave."""
    received = on_a_terminal(
        command(KNOWN, "shell"),
        keys=b"echo got $STACK_DATABASE_HOST\nexit\n",
        SHELL=f"/bin/{shell}",
        HOME=str(here),
        NO_COLOR="1",
    )
    assert "This shell can reach the stack churn. Leave it with `exit`." in received
    assert "(churn) " in received
    assert "got 127.0.0.1" in received


def test_logs(here: Path) -> None:
    """The last lines of each log, with the component in front where there are several, and without escapes."""
    (here / "database.log").write_text("".join(f"line {n}\n" for n in range(50)))
    (here / "serving.log").write_bytes(b"\x1b[31mred\x1b[0m \xff\nunfinished")
    both = subprocess.run(command(KNOWN, "logs", "-n", "2"), capture_output=True, text=True, check=True)
    assert both.stdout == "database  line 48\ndatabase  line 49\nserving   red �\nserving   unfinished\n"
    one = subprocess.run(command(KNOWN, "logs", "database", "-n", "1"), capture_output=True, text=True, check=True)
    assert one.stdout == "line 49\n"


def test_logs_followed(here: Path, started: list[subprocess.Popen[str]]) -> None:
    """What is written later is shown, also after a rotation and when the file comes late; Ctrl-C ends it with 0."""
    log = here / "database.log"
    log.write_text("first\n")
    process = start(started, command(KNOWN, "logs", "-f"))
    assert process.stdout

    def said() -> str:
        assert process.stdout
        return process.stdout.readline()

    assert said() == "database  first\n"
    with log.open("a") as file:
        file.write("sec")
        file.flush()
        time.sleep(0.5)
        file.write("ond\n")
    assert said() == "database  second\n"
    log.rename(here / "database.log.1")
    log.write_text("third\n")
    assert said() == "database  third\n"
    (here / "serving.log").write_text("late\n")
    assert said() == "serving   late\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("words", [("--help",), ("list",), ("status", "--help")])
def test_starts_with_little(words: Sequence[str], here: Path) -> None:
    """Help and `list` load none of the large libraries: a person waits for them."""
    heavy = "{'rich', 'pydantic', 'yaml', 'jinja2', 'grpc', 'google', 'msgpack', 'asyncio', 'uv'}"
    program = f"import sys\nfrom stackwright.app import main\nmain({list(words)!r})\n"
    program += f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
