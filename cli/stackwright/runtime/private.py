"""A /tmp of one's own, so that what a tool leaves there is seen, and seen to be its own (Linux)."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

TMP = Path("/tmp")  # noqa: S108 (the very folder that tools should leave alone)

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_RECURSIVE, _PRIVATE = 0x4000, 0x40000  # MS_REC, MS_PRIVATE


def enter(needed: Iterable[Path]) -> bool:
    """From here on, this process and its children see an empty /tmp, which goes when the last of them ends.

    False, and nothing is changed, where the kernel does not let us, or where something `needed` lies in /tmp. To be
    called before the process has threads.
    """
    if sys.platform != "linux" or any(path.resolve().is_relative_to(TMP) for path in needed):
        return False
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS | (_NEW_USERS if user else 0)):
        return False
    if user:  # the same users as before: only root may mount without a user namespace
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    own: bool = libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None) == 0
    return own and not libc.mount(b"tmpfs", bytes(TMP), b"tmpfs", 0, b"mode=1777")


def left() -> list[str]:
    """What lies in /tmp now."""
    return sorted(str(path) for path in TMP.iterdir())
