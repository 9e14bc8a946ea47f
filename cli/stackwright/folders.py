"""Where things lie: what ships with Stackwright, and the user's cache and state folders. Standard library only."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def shipped() -> Path:
    """The folder that holds catalog/, blueprints/, modules/, templates/, smoke_tests/: in a wheel or a checkout."""
    packaged = Path(__file__).parent / "_share"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def _xdg(variable: str, default: str, for_root: str) -> Path:
    own = os.environ.get("STACK_" + variable.removeprefix("XDG_").removesuffix("_HOME") + "_DIR")
    if own:
        return Path(own).absolute()
    if os.geteuid() == 0:
        # Root's home is closed to the unprivileged user that some tools are dropped to.
        return Path(for_root)
    base = os.environ.get(variable)
    home = os.environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 (Path.expanduser raises without a home)
    return (Path(base) if base and Path(base).is_absolute() else Path(home) / default) / "stackwright"


def cache_dir() -> Path:
    """Environments, locks and downloads, shared by all stacks of this user (`STACK_CACHE_DIR` overrides)."""
    return _xdg("XDG_CACHE_HOME", ".cache", "/var/cache/stackwright")


def state_dir() -> Path:
    """The index of this user's stacks, and components that run as another user (`STACK_STATE_DIR` overrides)."""
    return _xdg("XDG_STATE_HOME", ".local/state", "/var/lib/stackwright")
