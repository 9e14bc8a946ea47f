"""Files that are whole or not there. No pathlib: keeper and shims load this."""

from __future__ import annotations

import os
from threading import get_ident

Path = str | os.PathLike[str]


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file so that whoever reads it, and whoever kills us, finds the old content or the new."""
    beside = f"{os.fspath(path)}.{os.getpid()}.{get_ident()}.new"
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    except BaseException:
        os.unlink(beside)
        raise
    finally:
        os.close(fd)
    os.replace(beside, path)
