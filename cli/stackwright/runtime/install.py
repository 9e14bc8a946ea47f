"""Environments: installed once by content, whole or absent, shared read-only between stacks.

An environment is built in `.<key>.part` beside its place and renamed when it is complete. Whoever builds it holds the
key's lock, and so does the uv it runs: when a build is killed, its part is removed by the next one, and not before
the last process that could still write to it has ended.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.folders import cache_dir
from stackwright.runtime import interpreters, sources, uv
from stackwright.runtime.cancel import slot
from stackwright.runtime.files import write_atomic
from stackwright.runtime.flock import locked
from stackwright.runtime.program import ProgramError, quoted
from stackwright.runtime.sources.work import Work

Progress = Callable[[str, str, str], None]  # (subject, phase, text)
EnvironmentSpec = dict[str, Any]  # docs/architecture.md

MARKER = "complete.json"
# Installs wait for the network and for both cores in turn; more than two at once only make each other late.
_SLOTS = threading.BoundedSemaphore(2)
_PACKAGE = re.compile(r"[A-Za-z0-9][^\n\r]*")


def environment_complete(spec: EnvironmentSpec) -> bool:
    """Whether the environment is there, whole, and its interpreter still exists."""
    prefix = Path(spec["prefix"])
    # `bin/python` is a link: where the interpreter behind it has gone, it does not exist.
    return (prefix / MARKER).is_file() and (prefix / "bin/python").exists()


def ensure_environment(spec: EnvironmentSpec, progress: Progress, cancel: threading.Event) -> Path:
    """Install the environment unless it is there, and answer where it is."""
    prefix = Path(spec["prefix"])
    if not environment_complete(spec):
        try:
            _install_once(spec, prefix, progress, cancel)
        except OSError as error:
            raise StackError(_unwritable(spec, error)) from error
    with suppress(OSError):  # `cache prune` goes by this; a cache that we may only read is not pruned by us
        prefix.with_name(f"{prefix.name}.used").touch()
    return prefix


def _install_once(spec: EnvironmentSpec, prefix: Path, progress: Progress, cancel: threading.Event) -> None:
    key = spec["key"]
    for folder in (prefix.parent, cache_dir() / "locks"):
        _make_readable(folder)

    def others() -> None:
        progress(key, "installing", "waiting for an install of the same packages that is under way")

    with locked(prefix.with_name(f"{prefix.name}.lock"), cancel, others) as lock:
        if environment_complete(spec):
            return
        with slot(_SLOTS, cancel, lambda: progress(key, "installing", "waiting for other installs")):
            _remove_abandoned(prefix)
            part = prefix.with_name(f".{prefix.name}.part")
            try:
                _Build(spec, part, _Teller(key, progress), cancel, lock).run()
                _put_in_place(part, prefix)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise


@dataclass(frozen=True, slots=True)
class _Build:
    """One environment on its way: everything happens in `part`, and the key's lock is held all the time."""

    spec: EnvironmentSpec
    part: Path
    tell: _Teller
    cancel: threading.Event
    lock: int

    def run(self) -> None:
        """Make the whole environment, its marker last."""
        python = interpreters.find(self.spec["python"], self.spec["key"])
        self.part.mkdir(mode=0o755)
        pins = Path(self.spec["lock"]) if self.spec.get("lock") else self._resolved(python)
        count = len(re.findall(r"^[A-Za-z0-9][^\s;]*(?:==| @ )", pins.read_text(encoding="utf-8"), re.MULTILINE))
        self.tell(f"{count} packages with Python {python.number}")
        try:
            self._sync(python, pins)
        except ProgramError as error:
            raise StackError(_not_installed(self.spec, error.tail)) from error
        library = next((self.part / "lib").glob("python*/site-packages"))
        (self.part / "site-packages").symlink_to(library.relative_to(self.part))
        got = self._sources()
        size = _settle(self.part)
        marker = {"v": 1, "key": self.spec["key"], "python": python.number, "packages": count, "bytes": size}
        marker |= {"sources": got} if got else {}
        count += sum(map(len, got.values()))
        write_atomic(self.part / MARKER, json.dumps(marker).encode(), mode=0o644)
        self.tell(f"{count} packages, {size / 1e6:,.0f} MB, in {self.tell.seconds:.0f} s", phase="ready")

    def _sync(self, python: interpreters.Interpreter, pins: Path) -> None:
        inside = str(self.part / "bin/python")
        self._uv("venv", "--relocatable", "--allow-existing", "--python", python.path, str(self.part))
        sync = ["pip", "sync", "--require-hashes", "--allow-empty-requirements", "--compile-bytecode"]
        sync += ["--python", inside, str(pins)]
        try:
            # What is in uv's cache needs no network, and does not ask it whether that is so.
            self._uv("--offline", *sync)
        except ProgramError:
            self._uv(*sync)

    def _sources(self) -> dict[str, dict[str, str]]:
        """What comes from elsewhere than PyPI; the answer is what was got, where words leave that open."""
        got = {}
        for kind, wanted in self.spec.get("sources", {}).items():
            lock = self.spec.get("locks", {}).get(kind)
            scratch, cache = self.part / f".{kind}", cache_dir() / "sources" / kind
            scratch.mkdir()
            _make_readable(cache)
            work = Work(
                self.spec["key"],
                tuple(wanted),
                Path(lock) if lock else None,
                part=self.part,
                prefix=Path(self.spec["prefix"]),
                scratch=scratch,
                cache=cache,
                tell=self.tell,
                cancel=self.cancel,
                hold=(self.lock,),
            )
            got[kind] = sources.INSTALL[kind](work)
            shutil.rmtree(scratch)
        return got

    def _resolved(self, python: interpreters.Interpreter) -> Path:
        """The lock of packages that came without one: resolved once for this kind of machine, then kept."""
        pins = cache_dir() / "locks" / f"{self.spec['key']}.txt"
        made_for = f"# python 3.{python.version[1]} {sys.platform} {platform.machine()}\n"
        with suppress(OSError):
            if pins.read_text(encoding="utf-8").startswith(made_for):
                return pins
        wrong = [package for package in self.spec["packages"] if not _PACKAGE.fullmatch(package)]
        if wrong:
            raise StackError(_no_package(self.spec, wrong[0]))
        asked, answer = self.part / "requirements.in", self.part / "requirements.txt"
        asked.write_text("".join(f"{package}\n" for package in self.spec["packages"]), encoding="utf-8")
        self.tell(f"choosing versions for {len(self.spec['packages'])} packages")
        compile_ = ["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--python", python.path]
        compile_ += [str(asked), "--output-file", str(answer)]
        try:
            self._uv(*compile_)
        except ProgramError as error:
            try:
                self._uv("--offline", *compile_)
            except ProgramError:
                raise StackError(_not_resolved(self.spec, error.tail)) from error
        write_atomic(pins, (made_for + answer.read_text(encoding="utf-8")).encode(), mode=0o644)
        asked.unlink()
        answer.unlink()
        return pins

    def _uv(self, *arguments: str) -> None:
        uv.run(arguments, self.part, self.cancel, self.tell.heard, hold=[self.lock])


class _Teller:
    """Progress of one install: what of uv's talk people want to hear."""

    # The warning is that uv's cache is on another volume.
    _WANTED = re.compile(r"(Downloading|Building|Prepared|Installed|Bytecode compiled|warning: Failed to hardlink) .*")

    def __init__(self, key: str, progress: Progress) -> None:
        self._key, self._progress, self._since = key, progress, time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._since

    def __call__(self, text: str, phase: str = "installing") -> None:
        self._progress(self._key, phase, text)

    def heard(self, line: str) -> None:
        """Pass on a line that uv said, where it tells of work."""
        if self._WANTED.fullmatch(line.strip()):
            self(f"{line.strip()} ({self.seconds:.0f} s so far)")


def _settle(part: Path) -> int:
    """The size in bytes; as root also let everybody read, whatever umask uv's cache was filled under."""
    (part / ".lock").unlink(missing_ok=True)  # uv's own, open to everybody
    total, as_root = 0, os.geteuid() == 0
    for folder, _, names in os.walk(part):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            status = os.lstat(path)
            total += status.st_size
            mode = status.st_mode
            wanted = mode | stat.S_IRGRP | stat.S_IROTH
            if mode & stat.S_IXUSR:
                wanted |= stat.S_IXGRP | stat.S_IXOTH
            if as_root and wanted != mode and not stat.S_ISLNK(mode):
                os.chmod(path, stat.S_IMODE(wanted))  # noqa: PTH101 (thousands of files)
    return total


def _put_in_place(part: Path, prefix: Path) -> None:
    """Swap the finished environment in; one that had lost its interpreter moves out of the way first."""
    old = prefix.with_name(f".{prefix.name}.old")
    with suppress(FileNotFoundError):
        prefix.rename(old)
    part.rename(prefix)
    shutil.rmtree(old, ignore_errors=True)


def _remove_abandoned(prefix: Path) -> None:
    """Remove what killed builds left: of this key, whose lock we hold, and of every key that nobody is building."""
    for left in [*prefix.parent.glob(".*.part"), *prefix.parent.glob(".*.old")]:
        key = left.name[1:].rpartition(".")[0]
        if key == prefix.name:
            shutil.rmtree(left, ignore_errors=True)
            continue
        with suppress(BlockingIOError), locked(prefix.with_name(f"{key}.lock"), wait=False):
            shutil.rmtree(left, ignore_errors=True)


def _make_readable(folder: Path) -> None:
    """Make a cache folder and what is missing above it; root's are for everybody to read, whatever the umask."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            place.chmod(0o755)


def _not_installed(spec: EnvironmentSpec, tail: str) -> Diagnostic:
    return Diagnostic(
        code="P104",
        summary="packages could not be installed",
        detail=f"uv could not install the environment `{spec['key']}`. " + quoted("It said:", tail),
        hint=_advice(tail),
    )


def _not_resolved(spec: EnvironmentSpec, tail: str) -> Diagnostic:
    return Diagnostic(
        code="P105",
        summary="packages do not go together",
        detail=f"uv found no versions for the environment `{spec['key']}` "
        f"({', '.join(spec['packages'])}). {quoted('It said:', tail)}",
        hint=_advice(tail),
    )


def _no_package(spec: EnvironmentSpec, package: str) -> Diagnostic:
    return Diagnostic(
        code="P106",
        summary="not a package",
        detail=f"The environment `{spec['key']}` asks for {package!r}, which is no package requirement.",
        hint="name packages with their versions, such as `numpy==2.3.5`.",
    )


def _unwritable(spec: EnvironmentSpec, error: OSError) -> Diagnostic:
    return Diagnostic(
        code="P107",
        summary="cache folder cannot be written",
        detail=f"The environment `{spec['key']}` belongs in `{Path(spec['prefix']).parent}`: {error.strerror or error}"
        f"{f' (`{error.filename}`)' if error.filename else ''}.",
        hint="make room there, or choose another folder:\n    STACK_CACHE_DIR=/some/folder stack up",
    )


def _advice(tail: str) -> str:
    """What to do about the likeliest causes of a failed install."""
    text = tail.lower()
    if "no space left" in text:
        return "the disk is full. Packages that no environment uses are removed by\n    uv cache prune"
    if "hash mismatch" in text or "hashes" in text:
        return (
            "the registry serves other files than the lock names; look where packages come from:\n    env | grep INDEX"
        )
    if any(word in text for word in ("dns", "connect", "timed out", "timeout", "network", "error sending request")):
        return "the package registry could not be reached. When it can be, go on with\n    stack up"
    return "what is on this machine is shown by\n    stack doctor"
