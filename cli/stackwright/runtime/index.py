"""The user's index of stacks, a folder with a file for each: who may write in it, and its end with the last stack."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stackwright import folders
from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.files import write_atomic

COMPONENTS = "components"  # beside the index: a folder for each stack of root's, with what runs as another user
MADE = ".made"  # the folders that had to be made for the index


def folder() -> Path:
    """Where the entries lie, `<id>.json` each."""
    return folders.state_dir() / "stacks"


def cluster(stack: str) -> Path:
    """Where it is written that a stack has a cluster of its own: here, so that it outlives the stack's folder."""
    return folder() / f"{stack}.cluster"


@contextmanager
def lock() -> Iterator[None]:
    """Two commands must not take the same name or ports at once. The folder itself is the lock: it leaves no file."""
    try:
        descriptor = _locked(folder())
    except OSError as error:
        raise StackError(
            Diagnostic(
                "L005",
                "index of stacks cannot be written",
                f"Stackwright notes every stack in `{folder()}` before it starts anything: {error.strerror}.",
                hint="make it writable, or name another folder\n    export STACK_STATE_DIR=FOLDER",
            )
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def tidy() -> None:
    """Where no stack is left, remove the state folders that were made for the first one, and nothing else."""
    here = folder()
    if not here.is_dir():
        return
    with lock(), suppress(OSError, ValueError):  # locked: a stack may be on its way in
        with suppress(OSError):
            (here.parent / COMPONENTS).rmdir()  # not while other stacks have theirs in it
        made = [Path(path) for path in json.loads((here / MADE).read_bytes())]
        others = [entry for entry in here.iterdir() if entry.name != MADE]
        if others or [entry for entry in here.parent.iterdir() if entry != here]:
            return  # other stacks; or the demo's own folder, and whoever removes that tidies again
        (here / MADE).unlink()
        for path in made:
            path.rmdir()


def _make(here: Path) -> None:
    missing = [str(path) for path in (here, *here.parents) if not path.exists()]
    # Root's state folder holds folders of other users' processes; what is private in it is closed by itself.
    here.parent.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    here.mkdir(mode=0o700, exist_ok=True)
    if missing:
        write_atomic(here / MADE, json.dumps(missing).encode())


def _locked(here: Path) -> int:
    while True:
        _make(here)
        descriptor = os.open(here, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), here.stat()):
                return descriptor
        os.close(descriptor)  # the user's last stack took the folder away while we waited
