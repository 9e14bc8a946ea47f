"""What can go wrong, as data: floors 2 to 4 return diagnostics and go on, `app.py` catches, `views` prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command (docs/errors.md)."""

    FINE = 0
    FAILED = 1  # the stack or its smoke failed
    USAGE = 2  # the command line or the manifest is wrong
    BUG = 3  # a fault of Stackwright
    LEFTOVERS = 4  # teardown left something
    LOCKED = 5  # somebody else is working on this stack
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. Summary: what kind, no user names, no period. Detail: this case, in full sentences.

    Hint: what to do; a line of it that starts with four spaces is a command to copy.
    """

    code: str
    summary: str
    detail: str = ""
    where: Where | None = None
    hint: str = ""
    severity: str = "error"  # error | warning


class StackError(Exception):
    """One or several diagnostics and the exit code they lead to."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic], exit_code: Exit = Exit.FAILED) -> None:
        single = isinstance(diagnostics, Diagnostic)
        self.diagnostics: tuple[Diagnostic, ...] = (diagnostics,) if single else tuple(diagnostics)  # type: ignore[assignment, arg-type]
        self.exit_code = exit_code
        super().__init__("; ".join(f"{d.code}: {d.summary}" for d in self.diagnostics))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word a misspelt one most likely meant, or None."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the known word that a misspelt one most likely meant, else the other one."""
    near = nearest(word[:80], known)  # looking for it takes its time
    return f"did you mean `{near}`?" if near else otherwise


def listed(words: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
