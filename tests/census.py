"""Everything of this machine that a stack could leave behind, whoever made it; standard library and Linux only.

`snapshot()` lists, `diff(before, after)` says what came and what went. It knows nothing of Stackwright on purpose: a
proof must not use the marks of what it proves.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

Things = dict[str, dict[str, str]]  # kind -> key -> what it is, for people


def snapshot(folders: Iterable[str | os.PathLike[str]] = (), allowed: Iterable[str | os.PathLike[str]] = ()) -> Things:
    """Processes, listening sockets, shared memory, SysV IPC, mounts, and the temporary (and given) folders' files.

    What lies at or below an `allowed` path is not listed: the declared caches.
    """
    temporary = {"/tmp", "/var/tmp", os.environ.get("TMPDIR", "/tmp"), *map(str, folders)}
    return {
        "process": processes(),
        "tcp": {key: f"port {port}" for key, port in _tcp().items()},
        "unix socket": _unix(),
        "shared memory": _files("/dev/shm"),
        "sysv": _sysv(),
        "mount": _mounts(),
        "file": {
            path: what
            for folder in temporary
            for path, what in _files(folder).items()
            if not any(path == str(a) or path.startswith(f"{a}/") for a in allowed)
        },
    }


def diff(before: Things, after: Things) -> list[str]:
    """One line for each thing that came or went; empty when nothing changed."""
    lines = []
    for kind, there in after.items():
        lines += [f"new {kind}: {key} {what}" for key, what in there.items() if key not in before[kind]]
        lines += [f"gone {kind}: {key} {what}" for key, what in before[kind].items() if key not in there]
    return lines


def processes() -> dict[str, str]:
    """Every process but kernel threads and zombies, by `pid@start`."""
    found = {}
    for name in [path.name for path in Path("/proc").iterdir()]:
        try:
            text = Path(f"/proc/{name}/stat").read_text(errors="replace") if name.isdigit() else ""
            command = Path(f"/proc/{name}/cmdline").read_text(errors="replace") if text else ""
        except OSError:
            continue
        fields = text[text.rfind(")") + 2 :].split()
        if fields and fields[0] not in "ZX" and fields[1] != "2" and name != "2":
            comm = text[text.find("(") : text.rfind(")") + 1]
            found[f"{name}@{fields[19]}"] = command.replace("\0", " ").strip() or comm
    return found


def _tcp() -> dict[str, int]:
    found = {}
    for table in ("tcp", "tcp6"):
        for fields in _rows(f"/proc/net/{table}"):
            if fields[3] == "0A":
                found[f"{table}:{fields[9]}"] = int(fields[1].rsplit(":", 1)[1], 16)
    return found


def _unix() -> dict[str, str]:
    return {f[6]: " ".join(f[7:]) for f in _rows("/proc/net/unix") if f[3] == "00010000"}


def _sysv() -> dict[str, str]:
    return {
        f"{kind}:{fields[1]}": f"key {fields[0]}"
        for kind in ("shm", "sem", "msg")
        for fields in _rows(f"/proc/sysvipc/{kind}")
    }


def _mounts() -> dict[str, str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {f"{fields[0]}:{fields[4]}": "" for fields in (line.split() for line in lines)}


def _files(folder: str) -> dict[str, str]:
    return {f"{parent}/{name}": "" for parent, dirs, files in os.walk(folder) for name in (*dirs, *files)}


def _rows(path: str) -> list[list[str]]:
    try:
        return [line.split() for line in Path(path).read_text(errors="replace").splitlines()[1:]]
    except OSError:
        return []
