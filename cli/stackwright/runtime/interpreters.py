"""Which Python interpreters this machine has, without any network: uv is always handed one that exists."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.folders import cache_dir
from stackwright.runtime.files import write_atomic

Version = tuple[int, int, int]

_NAME = re.compile(r"python3(?:\.(\d+))?|python")
_CLAUSE = re.compile(r"(===|==|!=|<=|>=|~=|<|>)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?(\.\*)?")
# What an interpreter says of itself: wheels want a final CPython with a GIL, outside any virtual environment.
_QUESTION = (
    "import json, sys; print(json.dumps({"
    "'version': sys.version_info[:3],"
    "'path': getattr(sys, '_base_executable', None) or sys.executable,"
    "'usable': sys.implementation.name == 'cpython' and sys.version_info[3] == 'final'"
    " and 't' not in getattr(sys, 'abiflags', '')}))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that exists: its version and its real path, never a shim or a virtual environment's."""

    path: str
    version: Version

    @property
    def number(self) -> str:
        """`3.13.1`."""
        return ".".join(map(str, self.version))


def find(specifier: str, subject: str) -> Interpreter:
    """The interpreter that fits `specifier` (`>=3.11,<3.14`); as root preferably one that other users can run."""
    if not all(_CLAUSE.fullmatch(clause.strip()) for clause in specifier.split(",") if clause.strip()):
        raise StackError(_no_range(specifier, subject))
    closed: Interpreter | None = None
    for interpreter in discover(specifier):
        if matches(interpreter.version, specifier):
            if os.geteuid() != 0 or open_to_others(interpreter.path):
                return interpreter
            closed = closed or interpreter
    if closed:
        return closed
    raise StackError(_none_fits(specifier, subject))


def discover(specifier: str = "") -> Iterator[Interpreter]:
    """Every usable interpreter of this machine, likeliest first; names that cannot fit are not even asked."""
    known = _Answers(cache_dir() / "interpreters.json")
    told: set[str] = set()
    for path in _candidates():
        minor = _NAME.fullmatch(path.name)
        if specifier and minor and minor[1] and not _could_match(int(minor[1]), specifier):
            continue
        found = known.ask(path)
        if found and found.path not in told:
            told.add(found.path)
            yield found


def matches(version: Version, specifier: str) -> bool:
    """Whether a version satisfies every clause of a specifier: `>=3.11,<3.14`, `==3.12.*`, `!=3.13.0`, `~=3.11`."""
    return all(_satisfies(version, clause) for clause in specifier.split(",") if clause.strip())


def open_to_others(path: str | Path) -> bool:
    """Whether every user may execute the program at `path`: no closed folder above it or above what it links to."""
    place = Path(path).absolute()
    return _reachable(place) and _reachable(place.resolve())


def _reachable(path: Path) -> bool:
    try:
        return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))
    except OSError:
        return False


def _satisfies(version: Version, clause: str) -> bool:
    parsed = _CLAUSE.fullmatch(clause.strip())
    if not parsed:
        raise ValueError(f"not a version clause: {clause.strip()!r}")
    operator, *numbers, wildcard = parsed.groups()
    given = tuple(int(n) for n in numbers if n is not None)
    wanted = given + (0,) * (3 - len(given))
    prefix = version[: len(given)] == given
    if operator == "~=":
        return version >= wanted and version[: len(given) - 1] == given[:-1]
    if operator in ("==", "==="):
        return prefix if wildcard else version == wanted
    if operator == "!=":
        return not prefix if wildcard else version != wanted
    return {">=": version >= wanted, "<=": version <= wanted, ">": version > wanted, "<": version < wanted}[operator]


def _could_match(minor: int, specifier: str) -> bool:
    return any(matches((3, minor, patch), specifier) for patch in (0, *range(1, 40)))


def _candidates() -> Iterator[Path]:
    """Our own interpreter, then PATH in its order, then what pyenv, uv and other managers keep outside PATH."""
    yield Path(getattr(sys, "_base_executable", None) or sys.executable)
    for folder in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        # A shim answers for whatever folder it is called in; the interpreters behind it are found below.
        if folder.is_absolute() and folder.name != "shims":
            yield from _pythons(folder)
    for pattern in _managed():
        base, _, rest = pattern.partition("*")
        for folder in sorted(Path(base).glob("*" + rest), key=_by_version, reverse=True):
            yield from _pythons(folder)


def _managed() -> list[str]:
    home = os.environ.get("HOME") or "/nonexistent"
    data = os.environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    return [
        f"{os.environ.get('PYENV_ROOT') or f'{home}/.pyenv'}/versions/*/bin",
        f"{os.environ.get('UV_PYTHON_INSTALL_DIR') or f'{data}/uv/python'}/*/bin",
        f"{os.environ.get('MISE_DATA_DIR') or f'{data}/mise'}/installs/python/*/bin",
        f"{os.environ.get('ASDF_DATA_DIR') or f'{home}/.asdf'}/installs/python/*/bin",
        "/Library/Frameworks/Python.framework/Versions/*/bin",
        "/opt/python/*/bin",
    ]


def _by_version(folder: Path) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", folder.parent.name)]


def _pythons(folder: Path) -> list[Path]:
    """The folder's interpreters, newest version first, then the names without a version."""
    if sys.platform == "darwin" and folder == Path("/usr/bin"):
        return []  # a stub that opens a window when Apple's tools are missing
    try:
        names = [(m, e.name) for e in os.scandir(folder) if (m := _NAME.fullmatch(e.name))]
    except OSError:
        return []
    names.sort(key=lambda found: (int(found[0][1] or 0), len(found[1])), reverse=True)
    return [folder / name for _, name in names if os.access(folder / name, os.X_OK)]


class _Answers:
    """What interpreters answered, remembered by path and time of change, so that asking again costs no process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, Any] = dict(json.loads(file.read_text()))
        except (OSError, ValueError):
            self._known = {}

    def ask(self, path: Path) -> Interpreter | None:
        """The interpreter behind `path`, or None when it does not run or wheels are not made for it."""
        try:
            real = path.resolve(strict=True)
            status = real.stat()
        except OSError:
            return None
        key = f"{path} {real} {status.st_mtime_ns} {status.st_size}"
        if key not in self._known:
            self._known[key] = _ask(path)
            self._save()
        answer = self._known[key]
        if not isinstance(answer, dict) or not Path(answer["path"]).exists():
            return None
        major, minor, patch = answer["version"]
        return Interpreter(answer["path"], (major, minor, patch))

    def _save(self) -> None:
        with suppress(OSError):  # a cache that cannot be written is no error
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, json.dumps(self._known, indent=0).encode(), mode=0o644)


def _ask(path: Path) -> dict[str, Any] | None:
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _QUESTION], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if not answer.pop("usable"):
        return None
    return asdict(Interpreter(os.path.realpath(answer["path"]), tuple(answer["version"])))


def _no_range(specifier: str, subject: str) -> Diagnostic:
    return Diagnostic(
        code="P102",
        summary="not a range of Python versions",
        detail=f"`{subject}` asks for Python `{specifier}`, which is not a range of versions.",
        hint="write clauses with commas between them, such as `>=3.11,<3.14`.",
    )


def _none_fits(specifier: str, subject: str) -> Diagnostic:
    # Names that could not fit were not asked while searching; now people want to know all there is.
    have = ", ".join(f"{i.number} (`{i.path}`)" for i in sorted(discover(), key=lambda i: i.version))
    newest = max((m for m in range(8, 40) if _could_match(m, specifier)), default=None)
    # A range without an upper end is answered with what is common today, not with a Python of the future.
    wanted = "3.13" if newest is None or (newest > 13 and _could_match(13, specifier)) else f"3.{newest}"
    return Diagnostic(
        code="P101",
        summary="no Python interpreter fits",
        detail=f"`{subject}` needs Python `{specifier}`. This machine has {have or 'none that can be used'}.",
        hint=f"install one that fits, for example with uv, which keeps it in your own folder:\n"
        f"    {sys.executable} -m uv python install {wanted}",
    )
