"""What runs in a pod beside the tool: it fills the component's folders, starts its processes, and takes errands.

    python inside.py fill GIVEN             folders, files and the entry out of the Secret at GIVEN; then prepare steps
    python inside.py run SPEC -- WORD…      one process, as the pod's first: after those it waits for, until its end
    python inside.py do                     a command out of a line of JSON on standard input: {"argv", "env", "cwd"}
    python inside.py clear ROOT…            empty these folders
    python inside.py drop SIZE              remove the files of a list in SIZE bytes of JSON on standard input
    python inside.py take SIZE              SIZE bytes of tar on standard input, unpacked at the root
    python inside.py give SIZE ROOT…        tar on standard output of what is below the roots and not as it is listed
                                            in SIZE bytes of JSON on standard input: {path: [size, mtime]}

Pods get this file: the standard library alone, and `asking.py` beside it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

STACK = Path("/stack")
ENTRY = Path("/opt/stack/entry")
MARKS = ".prepared"  # in the volume itself: another volume has nothing behind it
LAST_WORDS = Path("/dev/termination-log")  # what the cluster shows of how a container ended

_STEP_TIMEOUT = 600.0
_PAUSE = 0.2


def fill(given: Path, stack: Path = STACK, entry: Path = ENTRY) -> int:
    """Make the component's folders as its processes find them; the status of the first step that failed, else 0."""
    told = json.loads((given / "fill.json").read_text(encoding="utf-8"))
    for name in ("data", "run", "home", "tmp", MARKS):
        (stack / name).mkdir(mode=0o700, exist_ok=True)
    unpack((given / "stack.tgz").read_bytes(), stack)
    if told["entry"]:
        unpack((given / "entry.tgz").read_bytes(), entry)
    for name, place in told["folders"].items():
        unpack((given / name).read_bytes(), Path(place))
    return prepare(told["prepare"], stack)


def prepare(steps: list[dict[str, Any]], stack: Path) -> int:
    """Run the steps that are due. `once` steps own the data folder: until all have succeeded, it starts afresh."""
    done = stack / MARKS / "once"
    afresh = any(step["run"] == "once" for step in steps) and not done.exists()
    if afresh:
        empty(stack / "data")
    last_once = max((number for number, step in enumerate(steps) if step["run"] == "once"), default=-1)
    for number, step in enumerate(steps):
        mark = stack / MARKS / str(number)
        changed = step["run"] == "changed" and (not mark.exists() or mark.read_text() != step["inputs"])
        if step["run"] == "always" or changed or (step["run"] == "once" and afresh):
            status = perform(step["command"], stack / "run")
            if status:
                return status
        if step["run"] == "changed":
            mark.write_text(step["inputs"])
        if number == last_once:
            done.touch()
    done.touch()  # a recipe that gets a `once` step later must not wipe what is in use
    return 0


def perform(command: list[str], folder: Path) -> int:
    """One step to its end; what is wrong with it stands where the cluster looks."""
    print(f"preparing with {Path(command[0]).name}", flush=True)  # noqa: T201 (the container's log)
    try:
        status = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, timeout=_STEP_TIMEOUT, check=False
        ).returncode
        how = f"exited with status {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"
    except subprocess.TimeoutExpired:
        status, how = 1, f"did not end within {_STEP_TIMEOUT:.0f} s"
    except OSError as error:
        status, how = 127, f"cannot be run ({error.strerror})"
    if status:
        with suppress(OSError):
            LAST_WORDS.write_text(f"`{Path(command[0]).name}`, which {how}")
    return status if status >= 0 else 128 - status


def empty(folder: Path) -> None:
    """Leave the folder, and nothing in it."""
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def unpack(archive: bytes, to: Path) -> None:
    """What we have packed ourselves, as whoever we are here."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            place = to / member.name
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                _write(place, content.read() if content else b"", member)
                continue
            with suppress(PermissionError):  # a volume's own folder is somebody else's
                place.chmod(member.mode)


def _write(place: Path, data: bytes, member: tarfile.TarInfo) -> None:
    """Whole or not at all, and private from its first byte; with the time it had, by which it is known again."""
    part = place.with_name(f".{place.name}.new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.chmod(member.mode)
    os.utime(part, (member.mtime, member.mtime))
    part.replace(place)


class Run:
    """One process of the tool as the container's first: signals handed on, orphans buried, its status ours."""

    def __init__(self, spec: dict[str, Any], argv: list[str]) -> None:
        self.signal = signal.Signals[f"SIG{spec['signal']}"]
        self.after, self.argv = spec["after"], argv
        self.child: int | None = None
        self.stopped = threading.Event()

    def run(self) -> int:
        """Wait for those it comes after, start it, and stay until its end."""
        signal.signal(signal.SIGTERM, self._on_term)
        for ask in self.after:
            if not self._await(ask):
                return 128 + signal.SIGTERM
        self.child = os.posix_spawnp(self.argv[0], self.argv, os.environ, setsigdef=[signal.SIGTERM])
        if self.stopped.is_set():  # it came while we started
            os.kill(self.child, self.signal)
        while True:
            with suppress(InterruptedError):
                pid, status = os.waitpid(-1, 0)
                if pid == self.child:
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code

    def _await(self, ask: dict[str, Any]) -> bool:
        """Whether it came to answer before we were told to stop."""
        sys.path.insert(0, str(Path(__file__).parent))
        import asking  # type: ignore[import-not-found]

        told = 0.0
        while problem := asking.ask(ask, asking.LIMIT):
            if self.stopped.wait(_PAUSE):
                return False
            if time.monotonic() - told > asking.WORD:
                told = time.monotonic()
                print(f"waiting: {' '.join(problem.split())}", flush=True)  # noqa: T201 (the container's log)
        return True

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped.set()
        if self.child:
            with suppress(ProcessLookupError):
                os.kill(self.child, self.signal)


def do() -> None:
    """Become the command that the first line of standard input tells; what follows is for it, if it listens."""
    line = b""
    while not line.endswith(b"\n") and (letter := os.read(0, 1)):  # not one letter more
        line += letter
    told = json.loads(line)
    if not told.get("listens"):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(told.get("cwd") or ".")
    env = {**os.environ, **told.get("env", {})}
    try:
        os.execvpe(told["argv"][0], told["argv"], env)  # noqa: S606 (that is the errand)
    except OSError as error:
        sys.exit(f"cannot execute `{told['argv'][0]}`: {error.strerror}")


def clear(roots: list[str]) -> None:
    """Begin with nothing in them."""
    for root in roots:
        empty(Path(root))


def drop(size: int) -> None:
    """Remove files, a list of paths in JSON; what they told is nobody's any more."""
    for name in json.loads(sys.stdin.buffer.read(size)):
        Path(name).unlink(missing_ok=True)


def take(size: int) -> None:
    """Put there what was sent."""
    unpack(sys.stdin.buffer.read(size), Path("/"))


def give(size: int, roots: list[str]) -> None:
    """Send what is not known yet; a file that is being written is sent as it is now, and again the next time."""
    known = json.loads(sys.stdin.buffer.read(size))
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for root in roots:
            for place in sorted(Path(root).rglob("*")):
                with suppress(FileNotFoundError):
                    _send(tar, place, known)


def _send(tar: tarfile.TarFile, place: Path, known: dict[str, list[int]]) -> None:
    seen = place.lstat()
    if not place.is_file() or place.is_symlink() or known.get(str(place)) == [seen.st_size, int(seen.st_mtime)]:
        return
    data = place.read_bytes()
    member = tarfile.TarInfo(str(place).lstrip("/"))
    member.size, member.mode, member.mtime = len(data), seen.st_mode & 0o777, int(seen.st_mtime)
    tar.addfile(member, io.BytesIO(data))


def main(words: list[str]) -> int:
    """One of the errands above."""
    match words:
        case ["fill", given]:
            return fill(Path(given))
        case ["run", spec, "--", *argv]:
            try:
                return Run(json.loads(spec), argv).run()
            except OSError as error:
                print(f"cannot execute `{argv[0]}`: {error.strerror}", flush=True)  # noqa: T201 (the container's log)
                return 127
        case ["do"]:
            do()
        case ["clear", *roots]:
            clear(roots)
        case ["drop", size]:
            drop(int(size))
        case ["take", size]:
            take(int(size))
        case ["give", size, *roots]:
            give(int(size), roots)
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
