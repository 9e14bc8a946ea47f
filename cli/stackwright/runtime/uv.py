"""Runs uv: with an environment that decides nothing but where packages come from, stoppable, telling what it does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from stackwright.runtime import program
from stackwright.runtime.program import ProgramError

# What may come from the caller: where packages come from and how they are reached, never where they go.
_KEPT = re.compile(
    r"UV_(INDEX.*|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|OFFLINE|HTTP_.*|REQUEST_TIMEOUT|KEYRING_PROVIDER"
    r"|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|CONCURRENT_.*|CONFIG_FILE|CACHE_DIR|NO_CACHE)"
)
_DROPPED = re.compile(r"(UV|PIP|PYTHON|CONDA)_.*|VIRTUAL_ENV.*|PYTHON[A-Z]+|PYENV_VERSION|__PYVENV_LAUNCHER__")
# pip's words for the same, for machines that are set up for pip alone.
_FROM_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_CERT": "SSL_CERT_FILE",
}
_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX")


def run(
    arguments: Sequence[str | Path],
    cwd: Path,
    cancel: threading.Event,
    said: Callable[[str], None],
    hold: Sequence[int] = (),
) -> None:
    """Run uv to its end in a folder of ours, where no pyproject.toml or uv.toml above it is taken up."""
    temporary = cwd.parent.parent / "tmp"  # uv leaves lock files there when it builds; in the cache we may leave things
    temporary.mkdir(mode=0o700, exist_ok=True)
    env = environment(os.environ) | {"TMPDIR": str(temporary)}
    program.run([find(), *map(str, arguments)], cwd, env, cancel, said, hold=hold, output=False)


def find() -> str:
    """The uv that came with us, else the one on PATH."""
    with suppress(ImportError, FileNotFoundError):
        from uv import find_uv_bin

        return str(find_uv_bin())
    found = shutil.which("uv")
    if not found:
        raise ProgramError(f"there is no `uv`; it comes with Stackwright: {sys.executable} -m pip install uv")
    return found


def environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would send packages elsewhere or change what Python imports."""
    kept = {name: value for name, value in caller.items() if _KEPT.fullmatch(name) or not _DROPPED.fullmatch(name)}
    own_index = any(name in kept for name in _INDEX)
    for name, uv_name in _FROM_PIP.items():
        if name in caller and uv_name not in kept and not (own_index and "INDEX" in name):
            kept[uv_name] = caller[name]
    return kept | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def cache_folder() -> Path:
    """Where uv keeps unpacked packages."""
    ask = [find(), "cache", "dir"]
    own = environment(os.environ)
    done = subprocess.run(ask, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return Path(done.stdout.strip() or "/nonexistent")
