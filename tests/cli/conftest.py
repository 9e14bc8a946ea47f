"""Runs `stack` in this process on made-up results, and compares all it prints with files in snapshots/."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import stackwright.operations.plan  # noqa: F401 (it binds `find`, which tests replace: not while it is replaced)

SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="Write tests/cli/snapshots/ afresh.")


@dataclass(frozen=True)
class Answer:
    """What one command line came to."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        shown = f"exit code {self.code}\n"
        for name, text in (("stdout", self.out), ("stderr", self.err)):
            shown += f"--- {name}\n{text}" if text else ""
        return shown


@pytest.fixture
def here(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, 80 columns wide, in UTC."""
    folder = user_folders / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")
    return folder


Run = Callable[..., Answer]


@pytest.fixture
def stack(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line; `width` shows it as a terminal of so many columns would, without colours."""
    from stackwright import app
    from stackwright.views import terminal

    def run(*words: str, width: int | None = None) -> Answer:
        with monkeypatch.context() as patched:
            patched.setattr(terminal, "width", lambda stream: width)
            capsys.readouterr()
            code = app.main(words)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def snapshot(request: pytest.FixtureRequest, user_folders: Path) -> Callable[[str, object], None]:
    """Compares a text with the file of that name; what differs from run to run is filtered out of it."""

    def compare(name: str, shown: object) -> None:
        text = filtered(str(shown), user_folders)
        file = SNAPSHOTS / f"{name}.txt"
        if request.config.getoption("--update-snapshots", default=False):
            file.write_text(text, encoding="utf-8")
        assert file.is_file(), f"no {file.name}: look at this, then run with --update-snapshots\n{text}"
        assert text == file.read_text(encoding="utf-8"), f"{file.name} differs; --update-snapshots accepts it"

    return compare


def filtered(text: str, folder: Path) -> str:
    """The text without this run's folders, times of day, ids and ports."""
    text = text.replace(str(folder / "here"), "[HERE]").replace(str(folder), "[DIR]")
    text = re.sub(r"\d{8}-\d{6}-\d+\.log", "[TIME].log", text)
    text = re.sub(r"^ +\d+\.\d s  ", "  [TIME]  ", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=[a-z])-[0-9a-f]{6}\b", "-[ID]", text)
    return re.sub(r"\b2\d{4}\b", "[PORT]", text)
