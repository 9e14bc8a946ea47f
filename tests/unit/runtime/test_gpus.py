"""The machine's GPUs, asked for by a process of its own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stackwright.runtime import gpus


def _python(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An interpreter that does this instead."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(gpus.sys, "executable", str(file))


def test_this_machine_is_asked() -> None:
    """Devices, or a reason why there are none, or what is wrong."""
    found = gpus.found()
    assert found["devices"] or found.get("none") or found.get("wrong")


def test_a_driver_that_kills_its_caller_does_not_kill_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is told as what is wrong."""
    _python(tmp_path, monkeypatch, "kill -SEGV $$")
    assert gpus.found() == {"devices": [], "wrong": "asking the driver ended with status -11"}


def test_a_driver_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, and said so."""
    monkeypatch.setattr(gpus, "_PATIENCE", 0.2)
    _python(tmp_path, monkeypatch, "exec sleep 5")
    assert "does not answer within" in gpus.found()["wrong"]
