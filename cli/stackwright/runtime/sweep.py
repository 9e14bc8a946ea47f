"""What of a stack is still on this machine, ending it, and the proof that nothing is left.

Ours is what the journals and unit files name, what carries a mark of the stack (`evidence.py`), and everything that
descends from these. "New" is never "ours": other jobs run here. The calling process and its ancestors are never ours.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.runtime import evidence, journal, process, units
from stackwright.runtime.evidence import Segment
from stackwright.runtime.process import Identity
from stackwright.runtime.workspace import Workspace, mounts_below

PATIENCE = 3.0  # seconds between TERM and KILL
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (only files that were attributed are removed)


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of the stack that is still there (the fields of `model.report.Leftover`)."""

    kind: str  # process | socket | shm | sysv | mount
    what: str
    detail: str = ""
    hint: str = ""


def sweep(ws: Workspace) -> list[Leftover]:
    """End what is ours and remove what dead processes of ours left; returns what had to be removed."""
    first = _Census(ws)
    found = {leftover.what: leftover for leftover in first.leftovers() if leftover.kind == "process"}

    held: set[tuple[str, int]] = set()

    def living() -> list[Identity]:
        census = _Census(ws, processes_only=True)
        names = {name for pid in census.ours for name in process.shared_memory(pid)}
        held.update(file for file in process.shared_files() if file[0] in names)
        for leftover in census.processes():
            found.setdefault(leftover.what, leftover)
        # Parents before children: a shim must know that it is to stop before it sees its tool die.
        return sorted((census.procs[pid].identity for pid in census.ours), key=lambda who: who.start)

    process.end(living, signal.SIGTERM, PATIENCE)
    swept = list(found.values())
    last = _Census(ws)
    # What living processes of ours held is ours for certain; what they leave now has a dead owner.
    mapped = {name for pid in last.procs for name in process.shared_memory(pid)}
    for name, inode in {*first.memory, *held, *last.memory}:
        if (name, inode) in process.shared_files() and name not in mapped:
            (SHARED_MEMORY / name).unlink(missing_ok=True)
            swept.append(Leftover("shm", str(SHARED_MEMORY / name)))
    for segment in evidence.segments():
        ours = any(s.number == segment.number and s.creator == segment.creator for s in (*first.sysv, *last.sysv))
        if ours and not segment.attached and process.remove_sysv_memory(segment.number):
            swept.append(Leftover("sysv", f"shared memory {segment.number}"))
    return swept


def prove(ws: Workspace) -> tuple[list[Leftover], dict[str, int]]:
    """What is left by a fresh listing (empty: the proof), and how many things were looked at."""
    census = _Census(ws)
    return census.leftovers(), census.looked_at


class _Census:
    """One listing of this machine, and what of it is the stack's."""

    def __init__(self, ws: Workspace, processes_only: bool = False) -> None:
        self._ws = ws
        self._roots = (str(ws.root), *ws.folders)
        self.entries = _journals(ws)
        self.named = {*journal.identities(self.entries)}
        for record in units.records(ws.keeper_dir):
            self.named.update(record.identities())
        self.procs = process.snapshot()
        self.ours = self._attribute()
        self.memory: set[tuple[str, int]] = set()
        self.sysv: list[Segment] = []
        self.sockets: dict[str, int] = {}  # address -> pid
        self.mounts: list[str] = []
        self.looked_at = {"processes": len(self.procs)}
        if not processes_only:
            self._look_further()

    def _attribute(self) -> dict[int, str]:
        """Pid -> why it is ours."""
        procs, ws = self.procs, self._ws
        born = evidence.born(ws.created)
        me = process.ancestors(procs, os.getpid())
        why: dict[int, str] = {}
        for pid, proc in procs.items():
            if pid not in me:
                if proc.identity in self.named:
                    why[pid] = "is in the journal"
                elif process.watermark(pid) == ws.watermark:
                    why[pid] = "carries the stack's watermark"
                elif (reason := evidence.trace(proc, ws.id, self._roots, born)) and not self._has_terminal(pid):
                    why[pid] = reason
        for pid in process.closure(procs, why, skip=me):
            why.setdefault(pid, "was started by one of the stack's processes")
        return why

    def _has_terminal(self, pid: int) -> bool:
        return any(self.procs[member].tty for member in process.closure(self.procs, [pid]))

    def _look_further(self) -> None:
        sockets = evidence.listening()
        for pid in self.ours:
            for target in evidence.descriptors(pid).values():
                address = sockets.get(target.removeprefix("socket:[").removesuffix("]"))
                if address:
                    self.sockets[address] = pid
        files = process.shared_files()
        held = {name for pid in self.ours for name in process.shared_memory(pid)}
        seen = {(e["memory"][0], e["memory"][1]) for e in self.entries if isinstance(e.get("memory"), list)}
        self.memory = {file for file in files if file[0] in held or file in seen}
        segments = evidence.segments()
        self.sysv = [segment for segment in segments if self._made(segment)]
        self.mounts = mounts_below([Path(root) for root in self._roots])
        self.looked_at |= {
            "listening sockets": len(sockets),
            "pieces of shared memory": len(files) + len(segments),
            "mounts": len(mounts_below([Path("/")])),
        }

    def _made(self, segment: Segment) -> bool:
        """Whether a process of ours made it: one that lives, or a journalled one that was there at the time."""
        if segment.creator in self.procs:
            return segment.creator in self.ours
        return any(
            who.pid == segment.creator and who.boot == process.boot_id() and segment.created >= evidence.began(who) - 1
            for who in self.named
        )

    def processes(self) -> list[Leftover]:
        """The living processes of the stack."""
        return [
            Leftover("process", f"{pid} ({self.procs[pid].name})", why, f"kill -9 {pid}")
            for pid, why in sorted(self.ours.items())
        ]

    def leftovers(self) -> list[Leftover]:
        """Everything of the stack that is there."""
        return [
            *self.processes(),
            *(
                Leftover("socket", where, f"held by process {pid}", f"kill -9 {pid}")
                for where, pid in self.sockets.items()
            ),
            *(Leftover("shm", path := str(SHARED_MEMORY / name), "", f"rm {path}") for name, _ in sorted(self.memory)),
            *(
                Leftover("sysv", f"shared memory {s.number}", f"made by process {s.creator}", f"ipcrm -m {s.number}")
                for s in self.sysv
            ),
            *(Leftover("mount", point, "below the workspace", f"umount {point}") for point in self.mounts),
        ]


def _journals(ws: Workspace) -> list[dict[str, Any]]:
    files = sorted(ws.journal_dir.glob("*.jsonl")) if ws.journal_dir.is_dir() else []
    return [entry for file in files for entry in journal.read(file)]
