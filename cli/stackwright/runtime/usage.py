"""What processes of this machine cost: CPU time and memory, with everything below them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from stackwright.runtime import process
from stackwright.runtime.process import LINUX

_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


def cpu(roots: Iterable[int]) -> float:
    """CPU seconds so far of these processes and all below them, those that have ended and been waited for included."""
    return sum(map(_cpu, _family(roots)))


def memory(roots: Iterable[int]) -> int | None:
    """Bytes, what is shared counted by its share (PSS); None where we may not look."""
    found = [_memory(pid) for pid in _family(roots)]
    return None if not found or None in found else sum(size for size in found if size)


def size(folder: Path) -> int:
    """Bytes of a folder's files; one that is linked twice counts once."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            status = (Path(parent) / name).lstat()
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def _family(roots: Iterable[int]) -> set[int]:
    return {pid for root in roots for pid in (root, *(proc.pid for proc in process.descendants(root)))}


def _cpu(pid: int) -> float:
    if not LINUX:
        import psutil

        try:
            return float(sum(psutil.Process(pid).cpu_times()[:4]))
        except psutil.Error:
            return 0.0
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    ticks = text[text.rindex(")") + 2 :].split()[11:15]  # user, system, and both of its children
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int | None:
    if not LINUX:
        import psutil

        try:
            return int(psutil.Process(pid).memory_full_info().uss)
        except psutil.Error:
            return None
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"))
    except ProcessLookupError:
        return 0  # it has ended since it was listed
    except OSError:
        return None
    return int(found[1]) * 1024 if found else 0
