"""What lies in the cache: environments, who uses them, and taking away those that nobody does."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stackwright.folders import cache_dir
from stackwright.runtime.flock import locked
from stackwright.runtime.install import MARKER
from stackwright.runtime.workspace import Workspace


class Cached(NamedTuple):
    """One environment."""

    key: str
    bytes: int
    used: float  # when `up` last wanted it, seconds since the epoch
    stacks: tuple[str, ...]  # this user's, that are made of it


def environments() -> list[Cached]:
    """Every whole environment, the one that was used last first."""
    users = _users()
    found = []
    for marker in (cache_dir() / "environments").glob(f"[!.]*/{MARKER}"):
        prefix = marker.parent
        used = prefix.with_name(f"{prefix.name}.used")
        with suppress(OSError, ValueError, KeyError):  # it is being taken away
            size = int(json.loads(marker.read_bytes())["bytes"])
            since = (used if used.exists() else marker).stat().st_mtime
            found.append(Cached(prefix.name, size, since, tuple(users.get(prefix.name, ()))))
    return sorted(found, key=lambda one: -one.used)


def remove(key: str) -> bool:
    """Take one away; False when somebody is installing it just now."""
    prefix = cache_dir() / "environments" / key
    try:
        with locked(prefix.with_name(f"{key}.lock"), wait=False):
            going = prefix.with_name(f".{key}.old")  # what is half gone is no environment
            shutil.rmtree(going, ignore_errors=True)
            with suppress(FileNotFoundError):
                prefix.rename(going)
            shutil.rmtree(going)
            prefix.with_name(f"{key}.used").unlink(missing_ok=True)
    except BlockingIOError:
        return False
    return True


def _users() -> dict[str, list[str]]:
    """By environment, the stacks whose last plan has it: also what is down may be started again."""
    users: dict[str, list[str]] = {}
    for stack in Workspace.all():
        with suppress(OSError, ValueError, KeyError):
            for environment in json.loads(stack.plan_file.read_text())["environments"]:
                users.setdefault(environment["key"], []).append(stack.name)
    return users


def loose() -> list[Path]:
    """Files beside the environments: resolved locks, downloads of other sources."""
    folders = [cache_dir() / name for name in ("locks", "sources")]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
