"""Interpreters are found without a network, and the one that fits is named or missed in plain words."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.runtime import interpreters


def fake(folder: Path, name: str, version: str, usable: bool = True) -> Path:
    """A program that answers as an interpreter of that version would, and counts how often it was asked."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    numbers = version.replace(".", ", ")
    program.write_text(
        f"#!/bin/sh\necho asked >> {folder}/asked\n"
        f'echo \'{{"version": [{numbers}], "path": "{program}", "usable": {str(usable).lower()}}}\'\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def machine(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no interpreter but those the test puts into `bin`."""
    monkeypatch.setenv("PATH", str(user_folders / "bin"))
    for name in ("HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "MISE_DATA_DIR", "ASDF_DATA_DIR"):
        monkeypatch.setenv(name, str(user_folders / "home"))
    monkeypatch.setattr(sys, "_base_executable", str(user_folders / "none"))
    return user_folders


@pytest.mark.parametrize(
    ("version", "specifier", "fits"),
    [
        ((3, 11, 2), ">=3.11,<3.14", True),
        ((3, 14, 0), ">=3.11,<3.14", False),
        ((3, 10, 9), ">=3.11,<3.14", False),
        ((3, 12, 7), "==3.12.*", True),
        ((3, 13, 0), "==3.12.*", False),
        ((3, 12, 7), "==3.12", False),
        ((3, 13, 0), ">=3.11,!=3.13.0", False),
        ((3, 13, 1), ">=3.11, !=3.13.0", True),
        ((3, 12, 0), "~=3.11", True),
        ((3, 12, 0), "~=3.11.2", False),
        ((3, 11, 9), "~=3.11.2", True),
        ((3, 11, 9), ">3.11", True),
        ((3, 9, 1), "", True),
    ],
)
def test_versions_and_ranges(version: tuple[int, int, int], specifier: str, fits: bool) -> None:
    """A version is in a range exactly when Python's packaging rules say so."""
    assert interpreters.matches(version, specifier) is fits


def test_the_running_interpreter_is_found() -> None:
    """On any machine that runs this test there is a Python, and it is not a virtual environment's."""
    found = interpreters.find(f"==3.{sys.version_info[1]}.*", "test")
    assert found.version[:2] == sys.version_info[:2]
    assert os.path.realpath(found.path) == found.path
    assert not Path(found.path).parents[1].joinpath("pyvenv.cfg").exists()


def test_a_name_that_cannot_fit_is_not_asked(machine: Path) -> None:
    """Searching costs one question: a `python3.9` is not started to learn that it is no 3.12."""
    fake(machine / "bin/..//bin", "python3.12", "3.12.4")
    old = fake(machine / "old", "python3.9", "3.9.1")
    (machine / "bin/python3.9").symlink_to(old)
    assert interpreters.find(">=3.11", "test").number == "3.12.4"
    assert not (machine / "old/asked").exists()


def test_an_answer_is_remembered_until_the_program_changes(machine: Path) -> None:
    """The second search starts nothing; a replaced interpreter is asked again."""
    program = fake(machine / "bin", "python3.12", "3.12.4")
    for _ in range(3):
        interpreters.find(">=3.11", "test")
    assert (machine / "bin/asked").read_text().count("asked") == 1
    fake(machine / "bin", "python3.12", "3.12.10")
    os.utime(program, ns=(1, 1))
    assert interpreters.find(">=3.11", "test").number == "3.12.10"


def test_broken_and_unusable_ones_are_passed_over(machine: Path) -> None:
    """A stub that fails, a PyPy and a free-threaded build do not hide the interpreter behind them."""
    fake(machine / "bin", "python3.14", "3.14.0", usable=False)
    broken = machine / "bin/python3.13"
    broken.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    broken.chmod(0o755)
    fake(machine / "bin", "python", "3.11.2")
    assert interpreters.find(">=3.11", "test").number == "3.11.2"


def test_what_pyenv_and_uv_keep_is_found_without_their_shims(machine: Path) -> None:
    """Interpreters outside PATH count; a `shims` folder, whose answer depends on the working folder, is not asked."""
    fake(machine / "shims", "python3.13", "3.13.0")
    os.environ["PATH"] = str(machine / "shims")
    fake(machine / "home/versions/3.12.3/bin", "python3.12", "3.12.3")
    fake(machine / "home/versions/3.9.18/bin", "python3.9", "3.9.18")
    assert interpreters.find(">=3.11", "test").number == "3.12.3"
    assert not (machine / "shims/asked").exists()


def test_none_that_fits_names_those_there_are(machine: Path) -> None:
    """The error says who needs which range, which versions this machine has and where, and a command that helps."""
    fake(machine / "bin", "python3.9", "3.9.18")
    fake(machine / "bin", "python3.15", "3.15.0")
    with pytest.raises(StackError) as caught:
        interpreters.find(">=3.11,<3.14", "experiment-tracking-81bc")
    (told,) = caught.value.diagnostics
    assert told.code == "P101"
    assert "experiment-tracking-81bc" in told.detail and ">=3.11,<3.14" in told.detail
    assert f"3.9.18 (`{machine}/bin/python3.9`)" in told.detail and "3.15.0" in told.detail
    assert told.hint.endswith("-m uv python install 3.13")


def test_a_machine_without_python_says_so(machine: Path) -> None:
    """Where there is none at all, that is what is said."""
    with pytest.raises(StackError) as caught:
        interpreters.find(">=3.11", "test")
    assert "none that can be used" in caught.value.diagnostics[0].detail


@pytest.mark.parametrize("specifier", ["3.11", ">=3.11;", "python3", ">= three", "=>3.11"])
def test_what_is_no_range_is_refused(machine: Path, specifier: str) -> None:
    """A range that cannot be read is told as such, not as a missing interpreter."""
    with pytest.raises(StackError, match="P102"):
        interpreters.find(specifier, "test")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to think of others")
def test_root_prefers_what_others_can_run(machine: Path, open_folder: Path) -> None:
    """An interpreter in a closed home is only taken where no open one fits; `nobody` could not run it."""
    fake(machine / "bin", "python3.13", "3.13.1")  # pytest's folders are closed
    assert not interpreters.open_to_others(machine / "bin/python3.13")
    assert interpreters.find(">=3.11", "test").number == "3.13.1"
    fake(open_folder / "bin", "python3.12", "3.12.1")
    os.environ["PATH"] += f":{open_folder}/bin"
    assert interpreters.find(">=3.11", "test").number == "3.12.1"
    assert stat.S_IMODE(Path(interpreters.find(">=3.11", "test").path).stat().st_mode) & 0o111
