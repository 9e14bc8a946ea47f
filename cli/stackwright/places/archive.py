"""Archives: how files get into a container, owner and rights included, wherever it runs."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_SKIPPED = ("__pycache__", "proof")


Owner = tuple[int, int]  # uid and gid
ROOT = (0, 0)


class Item(NamedTuple):
    """A file or, without data, a folder; `path` counts from where the archive is unpacked."""

    path: str
    data: bytes | None
    mode: int
    owner: Owner = ROOT
    time: int | None = None  # when it was changed; None: now


def owner_of(user: str) -> Owner:
    """`10001:10001` as numbers."""
    uid, _, gid = user.partition(":")
    return int(uid), int(gid or uid)


def pack(items: Iterable[Item]) -> bytes:
    """One archive of them; folders before what is in them is the caller's business."""
    buffer, now = io.BytesIO(), int(time.time())
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for item in items:
            info = tarfile.TarInfo(item.path)
            info.type = tarfile.DIRTYPE if item.data is None else tarfile.REGTYPE
            info.size, info.mode = len(item.data or b""), item.mode
            info.uid, info.gid = item.owner
            info.mtime = now if item.time is None else item.time
            tar.addfile(info, io.BytesIO(item.data or b""))
    return buffer.getvalue()


def tree(folder: Path, at: str) -> Iterator[Item]:
    """A folder of this machine, for everybody to read there."""
    yield Item(at, None, 0o755)
    for path in sorted(folder.iterdir()):
        if path.name in _SKIPPED:
            continue
        if path.is_dir():
            yield from tree(path, f"{at}/{path.name}")
        elif path.is_file():
            yield Item(f"{at}/{path.name}", path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)


def private(path: str, data: bytes, owner: Owner) -> Iterator[Item]:
    """A file that only its owner may read, and the folders above it."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        yield Item("/".join(parts[:depth]), None, 0o700, owner)
    yield Item(path, data, 0o600, owner)
