"""What people and programs are told when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stackwright.errors import Diagnostic, Exit, StackError, Where

MISTYPED = {
    "command": ("statsu",),
    "command-unknown": ("frobnicate", "--all"),
    "command-of-catalog": ("catalog", "lst"),
    "option": ("up", "--quite"),
    "option-of-main": ("--verison",),
    "argument-missing": ("catalog", "show"),
    "argument-too-many": ("status", "a", "b"),
    "value-missing": ("up", "--file"),
    "value-wrong": ("logs", "--lines", "many"),
    "value-negative": ("logs", "--lines", "-1"),
    "exec-nothing": ("exec",),
    "pick": ("init", "x", "--pick", "serving", "--pick", "=tool", "--pick", "a=b", "--pick", "a=c"),
    "control-characters": ("\x1b[2Jup\x07",),
}


@pytest.mark.parametrize("name", MISTYPED)
def test_command_line(name: str, stack: Any, snapshot: Any) -> None:
    """A command line that is wrong is answered with what to type instead, on stderr, and exit code 2."""
    answer = stack(*MISTYPED[name], width=80)
    assert answer.code == 2
    assert "\x1b" not in answer.err
    assert "hint: " in answer.err
    snapshot(f"mistyped-{name}", answer)


@pytest.mark.parametrize("words", [("up", "--json", "--quite"), ("catalog", "lst", "--json"), ("--json", "frobnicate")])
def test_command_line_for_programs(words: tuple[str, ...], stack: Any) -> None:
    """With --json a mistake on the command line is an envelope too."""
    answer = stack(*words)
    envelope = json.loads(answer.out)
    assert (answer.code, answer.err) == (2, "")
    assert (envelope["ok"], envelope["result"]) == (False, None)
    assert envelope["diagnostics"][0]["code"].startswith("U")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes `stack list` fail with an exception."""

    def fail(error: BaseException) -> None:
        def stacks() -> None:
            raise error

        monkeypatch.setattr("stackwright.operations.status.stacks", stacks)

    return fail


def several(file: Path) -> StackError:
    """A manifest with two mistakes, and one mistake that lies nowhere."""
    file.write_text(
        "name: churn\nlayers:\n  experiment-trackin: trackery\n\tserving: {tool: servo}\n", encoding="utf-8"
    )
    return StackError(
        [
            Diagnostic(
                "X010",
                "no such layer",
                "`experiment-trackin` is not a layer.",
                Where(str(file), 3, 3),
                "did you mean `experiment-tracking`?",
            ),
            Diagnostic("X011", "tab in the indentation", "YAML is indented with blanks.", Where(str(file), 4, 1)),
            Diagnostic(
                "X012",
                "process stopped before it was ready",
                "`labeling.store` exited with status 1 after 0.4 s. It is in the stack because `labeling` needs a "
                "`sql` and no layer offers one. The last lines of its log:\n"
                "  initdb: error: cannot be run as root, and this line is longer than the terminal is wide",
                hint="the whole log is shown by\n    stack logs labeling.store\nor begin again:\n    stack up",
            ),
            Diagnostic("X013", "gone", "", Where(str(file), 99, 1), severity="warning"),
        ],
        Exit.USAGE,
    )


@pytest.mark.parametrize("width", [80, 60, None])
def test_diagnostics(width: int | None, here: Path, stack: Any, failing: Any, snapshot: Any) -> None:
    """Every mistake is shown: kind, place with the line and a caret, this case, and what to type."""
    failing(several(Path("stack.yaml")))
    answer = stack("list", width=width)
    assert answer.code == 2
    assert answer.out == ""
    snapshot(f"diagnostics-{width}", answer.err)


def test_diagnostics_for_programs(here: Path, stack: Any, failing: Any) -> None:
    """A program gets every mistake with its place, and its keys stay."""
    failing(several(Path("stack.yaml")))
    envelope = json.loads(stack("list", "--json").out)
    first = envelope["diagnostics"][0]
    assert set(first) == {"code", "summary", "detail", "where", "hint", "severity"}
    assert first["where"] == {"file": "stack.yaml", "line": 3, "column": 3}
    assert [one["code"] for one in envelope["diagnostics"]] == ["X010", "X011", "X012", "X013"]
    assert envelope["command"] == "list"


@pytest.mark.parametrize("code", [Exit.FAILED, Exit.LEFTOVERS, Exit.LOCKED])
def test_exit_codes(code: Exit, stack: Any, failing: Any) -> None:
    """The exit code is the one that the error carries."""
    failing(StackError(Diagnostic("X014", "no"), code))
    assert stack("list").code == code


def test_a_bug(stack: Any, failing: Any, snapshot: Any, user_folders: Path) -> None:
    """Our own fault is admitted in a few lines, and the traceback is in a file, without the arguments of `exec`."""
    failing(ZeroDivisionError("division by \x1b[31mzero"))
    answer = stack("list", width=80)
    assert answer.code == 3
    assert "Traceback" not in answer.err
    snapshot("bug", answer)
    (log,) = (user_folders / "state" / "bugs").glob("*.log")
    assert "Traceback" in log.read_text() and "ZeroDivisionError" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_bug_keeps_the_users_words_to_itself(stack: Any, monkeypatch: pytest.MonkeyPatch, user_folders: Path) -> None:
    """The report of a bug in `exec` does not repeat the command, which may hold a password."""

    def find(file: object, name: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("stackwright.operations.find.find", find)
    assert stack("exec", "curl", "-u", "ann:hunter2").code == 3
    (log,) = (user_folders / "state" / "bugs").glob("*.log")
    assert "stack exec\n" in log.read_text() and "hunter2" not in log.read_text()


def test_a_bug_on_a_full_disk(stack: Any, failing: Any, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    """Where no report can be written, the traceback goes to stderr and nothing else breaks."""
    (here / "file").touch()
    monkeypatch.setenv("STACK_STATE_DIR", str(here / "file" / "state"))
    failing(ZeroDivisionError("zero"))
    answer = stack("list")
    assert answer.code == 3
    assert "Traceback" in answer.err and "this is a bug" in answer.err


def test_interrupted(stack: Any, failing: Any) -> None:
    """Ctrl-C ends with one polite line and 130; what an operation has to say about it is said."""
    failing(KeyboardInterrupt())
    assert (stack("list").code, stack("list").err) == (130, "Stopped.\n")
    noted = KeyboardInterrupt()
    noted.add_note("Everything that was started is gone again.")
    failing(noted)
    assert stack("list").err == "Stopped. Everything that was started is gone again.\n"


@pytest.mark.parametrize("command", ["up", "down", "smoke"])
def test_interrupted_work(command: str, stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C in the middle of work it is said what there is and how to go on or remove it, from any folder."""

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    target = SimpleNamespace(manifest=Path("stack.yaml"), workspace=None, name="churn")
    monkeypatch.setattr("stackwright.operations.find.find", lambda file, name: target)
    monkeypatch.setattr(f"stackwright.operations.{command}.{command}", interrupted)
    answer = stack(command)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.startswith("Stopped. ") and answer.err.count("\n") == 1
    assert "`stack down churn`" in answer.err
