"""Secrets that the user has: each source, and why one cannot be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stackwright.runtime.references import UnavailableError, look_up


def test_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its value, without the line end that a shell may have left."""
    monkeypatch.setenv("PW", "a b'\"\\é%\n")
    assert look_up("env", ["PW"], tmp_path) == "a b'\"\\é%"


def test_a_file(tmp_path: Path) -> None:
    """Beside the manifest or anywhere; one line end of the last line is not part of it."""
    (tmp_path / "key").write_text(" k \r\n")
    assert look_up("file", ["key"], tmp_path) == " k "
    assert look_up("file", [str(tmp_path / "key")], Path("/")) == " k "


def test_a_command(tmp_path: Path) -> None:
    """What it prints, run in the manifest's folder, without a shell; a dry run believes it."""
    (tmp_path / "key").write_text("from here\n")
    assert look_up("command", ["cat", "key"], tmp_path) == "from here"
    assert look_up("command", ["echo", "$HOME; x"], tmp_path) == "$HOME; x"
    assert look_up("command", ["touch", "HARM"], tmp_path, run=False) == ""
    assert not (tmp_path / "HARM").exists()


@pytest.mark.parametrize(
    ("source", "words", "why"),
    [
        ("env", ["NOT_THERE"], "it is not set"),
        ("env", ["EMPTY"], "it is empty"),
        ("env", ["LINES"], "it has several lines"),
        ("file", ["none"], "it is not there"),
        ("file", ["."], "it is not a file"),
        ("file", ["pipe"], "it is not a file"),
        ("file", ["a\0b"], "it is not there"),
        ("file", ["~nobody-here/x"], "it cannot be read"),
        ("file", ["long"], "it is too long"),
        ("file", ["bytes"], "it is no text"),
        ("command", ["no-such-program"], "it cannot be run: No such file or directory"),
        ("command", ["false"], "it exited with status 1"),
        ("command", ["true"], "it is empty"),
        ("command", ["a\0b"], "it cannot be run"),
    ],
)
def test_what_cannot_be_had(
    source: str, words: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told by its reason, which never holds the value."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("LINES", "hush\nhush")
    (tmp_path / "long").write_text("hush" * 20_000)
    (tmp_path / "bytes").write_bytes(b"hush\xff")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnavailableError) as told:
        look_up(source, words, tmp_path)
    assert why in str(told.value)
    assert "hush" not in str(told.value)
