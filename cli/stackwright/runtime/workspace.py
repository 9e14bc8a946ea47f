"""A stack's folder on this machine, the user's index of stacks, and who may work on one.

The index entry `<state>/stacks/<id>.json` is written before anything can start: whatever happens to the workspace,
`down NAME` still knows the watermark and the folders to look for. Light: `stack list` loads nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.runtime import index, process
from stackwright.runtime.files import write_atomic


class _Place:
    """A file or folder below a workspace's root."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, ws: Workspace, _owner: type[Workspace]) -> Path:
        return ws.root / self._name


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where everything of one stack lies: `.stack/<name>/` beside the manifest."""

    root: Path
    id: str  # the name and six hex digits
    name: str
    watermark: int
    manifest: str
    created: str  # ISO 8601, UTC
    folders: tuple[str, ...] = ()  # what the stack has outside of `root`

    terraform = _Place("terraform")  # the rendered root and its state
    journal_dir = _Place("journal")  # one file for each writer: client.jsonl, keeper.jsonl
    keeper_dir = _Place("keeper")  # the keeper's socket and the units' files
    components = _Place("components")  # a folder for each component
    programs = _Place("bin")  # links to programs of this machine that tools call
    jobs = _Place("jobs")  # the library of jobs and the working folders of smoke
    shares = _Place("shares")  # what it has on servers that outlive it
    logs = _Place("logs")  # our own and Terraform's
    secrets_file = _Place("secrets.json")  # generated secrets, 0600
    plan_file = _Place("plan.json")  # the last plan
    ports_file = _Place("ports.json")  # the ports this stack has, kept over its life

    @property
    def whole(self) -> bool:
        """Whether it is there; a folder that was deleted, while its processes ran on perhaps, is only in the index."""
        return (self.root / "stack.json").is_file()

    @property
    def unprivileged(self) -> Path:
        """The folders of components that must not run as root, when we are root."""
        return Path(self.folders[0]) if self.folders else self.components

    @classmethod
    def create(cls, root: Path, name: str, manifest: str) -> Workspace:
        """The workspace at `root`, made if it is not there yet; refused when the name is alive elsewhere."""
        root = root.absolute()
        with index.lock():
            entries = cls.all()
            for other in entries:
                if other.name == name and other.root != root:
                    _refuse_or_drop(other)
            here = _read(root / "stack.json")
            for found in (here, *entries):
                if found and found.root == root and found.name == name:
                    return found._write()
            new = f"{name}-{os.urandom(3).hex()}"
            outside = folders.state_dir() / index.COMPONENTS / new
            return cls(
                root=root,
                id=new,
                name=name,
                watermark=10**15 + int.from_bytes(os.urandom(5), "big"),
                manifest=manifest,
                created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                folders=(str(outside),) if os.geteuid() == 0 else (),
            )._write()

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """The workspace at `root`, from its own file or, where that is lost or damaged, from the index."""
        root = root.absolute()
        found = _read(root / "stack.json")
        if found and found.root == root:
            return found
        for entry in cls.all():
            if entry.root == root:
                return entry
        raise _unknown(str(root))

    @classmethod
    def find(cls, name_or_id: str) -> Workspace:
        """The user's stack of that name or id, from any folder."""
        for entry in cls.all():
            if name_or_id in (entry.name, entry.id):
                return entry
        raise _unknown(name_or_id)

    @classmethod
    def all(cls) -> list[Workspace]:
        """Every stack in this user's index, by name."""
        try:
            files = sorted(entry.path for entry in os.scandir(index.folder()) if entry.name.endswith(".json"))
        except FileNotFoundError:
            return []
        return [found for path in files if (found := _read(Path(path)))]

    def forget(self) -> None:
        """Remove the workspace, the folders outside it and, last, the index entry; nothing may be running any more."""
        outside = [Path(folder) for folder in self.folders]
        mounted = mounts_below([self.root, *outside])
        if mounted:
            raise StackError(
                Diagnostic(
                    "L004",
                    "something is mounted in the workspace",
                    f"Deleting `{self.root}` would delete what is mounted at `{mounted[0]}`.",
                    hint=f"take it away, then repeat the command\n    umount {mounted[0]}",
                )
            )
        for folder in outside:
            if folder.name == self.id:
                remove_tree(folder)
        here = _read(self.root / "stack.json")
        if here is None or here.id == self.id:  # else another stack lives there now
            remove_tree(self.root)
            if self.root.parent.name == ".stack":
                with suppress(OSError):
                    self.root.parent.rmdir()
        self._entry.unlink(missing_ok=True)

    @property
    def _entry(self) -> Path:
        return index.folder() / f"{self.id}.json"

    def _write(self) -> Workspace:
        """The index entry first: from then on the stack can be found whatever happens to its folder."""
        text = _dump(self)
        write_atomic(self._entry, text)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in self.folders:
            Path(folder).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            Path(folder).mkdir(mode=0o711, exist_ok=True)  # another user must be able to reach its part
        (self.root / ".gitignore").write_text("*\n")
        write_atomic(self.root / "stack.json", text)
        return self


@contextmanager
def lock(ws: Workspace, purpose: str) -> Iterator[None]:
    """Be the only command that works on this stack; whoever comes second is told who holds it, and exits 5.

    The kernel frees the lock of a holder that dies, however it dies.
    """
    path = ws.root / "lock"
    fd = _take(path)
    if fd is None:
        raise _held(ws, path)
    try:
        me = process.myself()
        since = time.strftime("%H:%M:%S UTC", time.gmtime())
        holder = {"pid": me.pid, "start": me.start, "host": os.uname().nodename, "command": purpose, "since": since}
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(fd)


def _take(path: Path) -> int | None:
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # the holder has just removed the workspace
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)  # the file was removed with its workspace before we had it


def _held(ws: Workspace, path: Path) -> StackError:
    holder: dict[str, Any] = {}
    for _ in range(10):  # a holder that has just begun may not have written who it is
        try:
            holder = json.loads(path.read_bytes())
            break
        except (OSError, ValueError):
            time.sleep(0.03)
    command, pid = holder.get("command", "another command"), holder.get("pid", "unknown")
    return StackError(
        Diagnostic(
            "L001",
            "another command is working on this stack",
            f"`{command}` (process {pid} on {holder.get('host', 'this machine')}) has worked on `{ws.name}` since "
            f"{holder.get('since', 'just now')}.",
            hint=f"wait for it, or stop it\n    kill -INT {pid}",
        ),
        Exit.LOCKED,
    )


class mark_self:  # noqa: N801 (used like a function)
    """Put the stack's watermark on this process, and so on uv, Terraform, prepare steps and workers (Linux only).

    As a context manager it takes the mark off again: a process that lives on, a notebook say, must not be swept.
    """

    def __init__(self, ws: Workspace) -> None:
        self._before = process.watermark(os.getpid())
        process.set_watermark(ws.watermark)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        process.set_watermark(self._before)


def mounts_below(roots: list[Path]) -> list[str]:
    """Where something is mounted in these folders (Linux only: macOS lists mounts to root alone)."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]  # spaces are written \\040
    return [point for point in points if any(Path(point).is_relative_to(root) for root in roots)]


def _refuse_or_drop(other: Workspace) -> None:
    """A name that lives elsewhere is refused; an entry whose folder and processes are all gone is forgotten."""
    there = _read(other.root / "stack.json")
    runs = any(process.watermark(pid) == other.watermark for pid in process.snapshot())
    if (there is None or there.id != other.id) and not runs:
        return other.forget()
    raise StackError(
        Diagnostic(
            "L003",
            "stack of this name lives elsewhere",
            f"A stack's name is unique for a user, and `{other.name}` is the one in `{other.root}`.",
            hint=f"choose another `name` in the manifest, or take that one down first\n    stack down {other.name}",
        ),
        Exit.USAGE,
    )


def _unknown(what: str) -> StackError:
    hint = "see which there are\n    stack list"
    if (Path(what) / "stack.yaml").is_file():  # it was made here, and was never up
        hint = f"name the manifest by its file\n    -f {what}/stack.yaml"
    return StackError(
        Diagnostic("L002", "no such stack", f"Nothing is known of a stack `{what}`.", hint=hint), Exit.USAGE
    )


def _dump(ws: Workspace) -> bytes:
    data = {"v": 1, "workspace": str(ws.root), **asdict(ws)}
    del data["root"]
    return json.dumps(data, indent=2).encode() + b"\n"


def _read(path: Path) -> Workspace | None:
    """A stack.json or an index entry; None when it is missing or damaged."""
    try:
        data = json.loads(path.read_bytes())
        return Workspace(
            root=Path(data["workspace"]),
            watermark=int(data["watermark"]),
            folders=tuple(str(folder) for folder in data["folders"]),
            **{name: str(data[name]) for name in ("id", "name", "manifest", "created")},
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_tree(folder: Path) -> None:
    """Delete a folder with everything in it, also where a tool has made folders read-only."""
    if not folder.is_dir():
        return
    import shutil  # late: `stack list` loads this file

    for parent, names, _ in () if folder.is_symlink() else os.walk(folder):
        for path in (parent, *(f"{parent}/{name}" for name in names)):
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
                os.chmod(path, 0o700)  # noqa: PTH101 (thousands of folders)
    shutil.rmtree(folder)  # which refuses a link
