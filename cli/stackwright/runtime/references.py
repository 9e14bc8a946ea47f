"""Secrets that the user has already: in a variable, a file, or what a command says. Never in an argument or a log."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 60.0  # a password manager may ask its user first
_LARGEST = 64 * 1024
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class UnavailableError(Exception):
    """Why a secret could not be had, in a sentence that does not hold it."""


def look_up(source: str, words: Sequence[str], folder: Path, *, run: bool = True) -> str:
    """The secret; UnavailableError where it is not there. Without `run`, a command is believed and not run."""
    if source == "command" and not run:
        return ""
    value = {"env": _variable, "file": _file, "command": _command}[source](words, folder)
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise UnavailableError("it is empty")
    if _UNUSABLE.search(value):
        raise UnavailableError("it has several lines, or characters that cannot be typed")
    return value


def _variable(words: Sequence[str], _folder: Path) -> str:
    if words[0] not in os.environ:
        raise UnavailableError("it is not set")
    return os.environ[words[0]]


def _file(words: Sequence[str], folder: Path) -> str:
    try:
        file = folder / Path(words[0]).expanduser()
        if not file.is_file():  # a pipe would be waited for, a device read for ever
            raise UnavailableError("it is not a file" if file.exists() else "it is not there")
        with file.open("rb") as opened:
            return _text(opened.read(_LARGEST + 1))
    except (OSError, RuntimeError, ValueError) as error:
        raise UnavailableError(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _command(words: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_SECONDS, check=False
        )
    except (OSError, ValueError) as error:
        raise UnavailableError(f"it cannot be run: {getattr(error, 'strerror', None) or error}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"it did not end within {_SECONDS:.0f} s") from None
    if done.returncode:
        raise UnavailableError(f"it exited with status {done.returncode}")
    return _text(done.stdout)


def _text(content: bytes) -> str:
    if len(content) > _LARGEST:
        raise UnavailableError("it is too long to be a secret")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UnavailableError("it is no text") from None
