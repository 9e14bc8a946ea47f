"""Which Terraform is used, and what is said when there is none."""

from pathlib import Path

import pytest

from stackwright.engine.find import find_terraform
from stackwright.errors import StackError


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def _without_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


def test_the_one_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STACK_TERRAFORM comes before everything else."""
    program = _program(tmp_path / "mine")
    monkeypatch.setenv("STACK_TERRAFORM", str(program))

    assert find_terraform().command == (str(program),)


def test_asked_for_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong STACK_TERRAFORM is an error, not a reason to take another one."""
    monkeypatch.setenv("STACK_TERRAFORM", str(tmp_path / "absent"))

    with pytest.raises(StackError) as caught:
        find_terraform()
    assert "absent" in caught.value.diagnostics[0].detail


def test_path_prefers_tofu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel, OpenTofu on PATH comes before Terraform."""
    _without_embedded(monkeypatch)
    monkeypatch.delenv("STACK_TERRAFORM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    _program(tmp_path / "bin" / "terraform")
    tofu = _program(tmp_path / "bin" / "tofu")

    assert find_terraform().command == (str(tofu),)


def test_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any, the hint says how to get one."""
    _without_embedded(monkeypatch)
    monkeypatch.delenv("STACK_TERRAFORM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError) as caught:
        find_terraform()
    assert "export STACK_TERRAFORM=" in caught.value.diagnostics[0].hint


def test_another_version_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program replaced in its place has another fingerprint."""
    program = _program(tmp_path / "mine")
    monkeypatch.setenv("STACK_TERRAFORM", str(program))
    before = find_terraform().fingerprint
    program.write_text("#!/bin/sh\n# newer\n")

    assert find_terraform().fingerprint != before
