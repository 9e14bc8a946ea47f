"""Asks a program of this machine something: a cloud's own command line, say. It gets no standard input, and a deadline.

Secrets never go this way: what these programs need they find where their user has put it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

_SECONDS = 120.0
_UNREACHED = ("failed to resolve", "name resolution", "max retries", "connection refused", "timed out")


class UnansweredError(Exception):
    """The program failed, or took too long; the text is the end of what it said."""


class AbsentError(Exception):
    """There is no such program on PATH."""


def ask(command: Sequence[str], env: Mapping[str, str] | None = None, seconds: float = _SECONDS) -> str:
    """What the program prints."""
    program = shutil.which(command[0])
    if program is None:
        raise AbsentError(command[0])
    try:
        answer = subprocess.run(
            [program, *command[1:]],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            start_new_session=True,  # the terminal's Ctrl-C reaches us; a cloud's answer is not waited for then
        )
    except subprocess.TimeoutExpired:
        raise UnansweredError(f"`{command[0]}` did not answer within {seconds:.0f} s") from None
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout).decode(errors="replace").strip()
        raise UnansweredError(said[-2000:] or f"`{command[0]}` ended with status {answer.returncode} and said nothing")
    return answer.stdout.decode(errors="replace")


def ask_json(command: Sequence[str], env: Mapping[str, str] | None = None, seconds: float = _SECONDS) -> Any:
    """What the program prints as JSON."""
    said = ask(command, env, seconds)
    try:
        return json.loads(said)
    except ValueError:
        raise UnansweredError(f"`{command[0]}` was to print JSON, and printed\n{said[:500]}") from None


def gist(said: str) -> str:
    """What an error says before it begins to give advice, which is for whoever typed that command."""
    return said.partition("\n\n")[0].partition("Please run:")[0].strip().removeprefix("ERROR: ")


def denied(said: str, words: Sequence[str]) -> bool:
    """Whether it is about who asks; who is not reached at all has denied nobody."""
    text = said.lower()
    return any(word in text for word in words) and not any(word in text for word in _UNREACHED)
