"""Debian packages without root: fetched by apt, unpacked into the environment with what the machine lacks for them.

Nothing is installed on the machine and no maintainer script runs. Programs get launchers in the environment's `bin`
that find the unpacked libraries; links and scripts that name a place of the package are pointed to where it lies now.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import time
from pathlib import Path

from stackwright.errors import StackError
from stackwright.runtime.flock import locked
from stackwright.runtime.interpreters import matches
from stackwright.runtime.program import ProgramError
from stackwright.runtime.sources.work import Work

PROGRAMS = ("apt-get",)  # the others come with it
_WISH = re.compile(r"([a-z0-9][a-z0-9.+-]+)((?:===|==|!=|<=|>=|~=|<|>).+)?")
_NUMBER = re.compile(r"(?:\d+:)?(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_FRESH = 3600.0
_BIN = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/games")
_LIBRARY = re.compile(r"lib.*\.so(\.\d+)+")
_PLACE = re.compile(rb"/(?:usr|etc|lib|bin|sbin|var)/[A-Za-z0-9._+/-]*[A-Za-z0-9_+]")


def install(work: Work) -> dict[str, str]:
    """Unpack the wanted packages into `debian/`; the answer is what version of each package it got."""
    try:
        files = _fetched(work, _Apt(work, None))
    except (ProgramError, LookupError):
        # The machine's lists are old or not there; our own are as new as we like.
        apt = _Apt(work, work.cache / "lists")
        apt.update()
        try:
            files = _fetched(work, apt)
        except LookupError as error:
            raise work.refuse(str(error), "which versions there are is shown by\n    apt-cache policy NAME") from error
        except ProgramError as error:
            raise _refused(work, "what apt would do is shown by\n    apt-get -s install NAME", error) from error
    root = work.part / "debian"
    root.mkdir()
    work.tell(f"unpacking {len(files)} Debian packages")
    for file in files:
        work.run("dpkg-deb", "-x", file, root, env=_env())
    _settle(root, work.prefix / "debian")
    libraries = ":".join(str(work.prefix / "debian" / folder) for folder in _library_folders(root))
    for program in _programs(root):
        place = work.prefix / "debian" / program
        path = f'export LD_LIBRARY_PATH={shlex.quote(libraries)}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        work.launcher(program.name, f'{path if libraries else ""}exec {shlex.quote(str(place))} "$@"')
    return dict(sorted(file.name.removesuffix(".deb").replace("%3a", ":").split("_")[:2] for file in files))


class _Apt:
    """The machine's apt with a cache of our own, and with the machine's lists of packages or ours."""

    def __init__(self, work: Work, lists: Path | None) -> None:
        self._work, self._lists = work, lists
        self.archives = work.scratch / "archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        ours = {
            "Dir::Cache": work.scratch,
            "Dir::Cache::archives": self.archives,
            "Dir::State::extended_states": work.scratch / "extended",
            "Debug::NoLocking": "true",
            "APT::Sandbox::User": "",
        }
        if lists:
            (lists / "partial").mkdir(parents=True, exist_ok=True)
            ours["Dir::State::lists"] = lists
        # What this machine does after its own updates is not for ours.
        lines = [f"#clear APT::Update::{hook};" for hook in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")]
        file = work.scratch / "apt.conf"
        file.write_text(
            "\n".join([*lines, *(f'{key} "{value}";' for key, value in ours.items()), ""]), encoding="utf-8"
        )
        self.options = ["-c", str(file)]

    def update(self) -> None:
        """Fetch the lists, at most once an hour; a source that does not answer is not the end."""
        assert self._lists
        stamp = self._lists / "updated"
        with locked(self._lists / "lock", self._work.cancel):
            if stamp.exists() and time.time() - stamp.stat().st_mtime < _FRESH:
                return
            self._work.tell("reading Debian's lists of packages")
            try:
                self._work.run("apt-get", "-q", *self.options, "update", env=_env())
            except ProgramError as error:
                if not list(self._lists.glob("*_Packages*")):
                    hint = "when the network is there, go on with\n    stack up"
                    raise _refused(self._work, hint, error) from error
            stamp.touch()

    def versions(self, name: str) -> list[str]:
        """A package's versions, newest first."""
        ask = ["apt-cache", *self.options, "madison", name]
        done = subprocess.run(ask, env=_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.count("|") >= 2]

    def download(self, packages: list[str]) -> list[Path]:
        """These packages and what the machine lacks for them."""
        options = ["-q", "-y", "--no-install-recommends", "--reinstall", "--allow-downgrades", "--download-only"]

        def said(line: str) -> None:
            if match := re.match(r"Need to get (.+) of archives", line):
                self._work.tell(f"downloading {match[1]} of Debian packages")

        self._work.run("apt-get", *self.options, *options, "install", *packages, env=_env(), said=said)
        return sorted(self.archives.glob("*.deb"))


def _fetched(work: Work, apt: _Apt) -> list[Path]:
    """The archives; LookupError says which package has no version that fits."""
    chosen = []
    for wish in work.wanted:
        match = _WISH.fullmatch(wish)
        if not match:
            raise LookupError(f"`{wish}`, which is not a Debian package with a range of versions.")
        found = apt.versions(match[1])
        fitting = [version for version in found if matches(_number(version), match[2] or "")]
        if not fitting:
            offered = ", ".join(dict.fromkeys(found)) or "none"
            raise LookupError(f"`{wish}` from Debian; this machine's sources have {offered}.")
        chosen.append(f"{match[1]}={fitting[0]}")
    return apt.download(chosen)


def _number(version: str) -> tuple[int, int, int]:
    """The upstream version: `(7, 0, 15)` of `5:7.0.15-1~deb12u10`."""
    match = _NUMBER.match(version)
    major, minor, patch = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return major, minor, patch


def _env() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return kept | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def _refused(work: Work, hint: str, error: ProgramError) -> StackError:
    return work.refuse(f"{', '.join(f'`{wish}`' for wish in work.wanted)} from Debian.", hint, error.tail)


def _settle(root: Path, final: Path) -> None:
    """Point links and scripts to where things lie now; nothing keeps another user's rights."""
    for path in list(root.rglob("*")):
        if path.is_symlink():
            _relink(path, root)
            continue
        mode = path.stat().st_mode
        if mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(mode) & 0o777)
        if path.is_file() and mode & stat.S_IXUSR:
            _relocate(path, root, final)


def _relink(link: Path, root: Path) -> None:
    """Point an absolute link into the root; a file that an install would have made of its model is its model."""
    target, model = str(link.readlink()), link.with_name(f"{link.name}.ucf")
    inside = root / target[1:]
    if target.startswith("/") and (os.path.lexists(inside) or model.exists()):
        link.unlink()
        link.symlink_to(os.path.relpath(inside if os.path.lexists(inside) else model, link.parent))


def _relocate(script: Path, root: Path, final: Path) -> None:
    """In a script, name the unpacked place of what the machine does not have where the script looks for it."""
    with script.open("rb") as file:
        if file.read(2) != b"#!":
            return
    text = script.read_bytes()

    def moved(match: re.Match[bytes]) -> bytes:
        place = match[0].decode()
        here = os.path.lexists(root / place[1:]) and not Path(place).exists()
        return str(final / place[1:]).encode() if here else match[0]

    script.write_bytes(_PLACE.sub(moved, text))


def _library_folders(root: Path) -> list[str]:
    """The folders where programs look for libraries, and those that alternatives would be chosen from."""
    tops = [path for top in ("lib", "usr/lib") for path in [root / top, *root.glob(f"{top}/*-linux-*")]]
    folders = [folder for top in tops for folder in [top, top / "blas", top / "lapack"]]
    return [
        str(folder.relative_to(root))
        for folder in folders
        if folder.is_dir() and any(_LIBRARY.fullmatch(file.name) for file in folder.iterdir())
    ]


def _programs(root: Path) -> list[Path]:
    """Every program that was unpacked, by its path inside the root."""
    found = [file for folder in _BIN if (root / folder).is_dir() for file in sorted((root / folder).iterdir())]
    return [file.relative_to(root) for file in found if file.exists() and os.access(file, os.X_OK)]
