"""Files on their way between this machine and the pod of who runs jobs, which has these folders under the same names.

There before a job: the pipeline's scripts, the catalogs, what the job is told. Back after it: what it made. The tool's
verbs are spoken in the pod, too, since an orchestrator's own files lie beside its jobs'.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places import archive
from stackwright.places.kubernetes import pods
from stackwright.places.kubernetes.cluster import Cluster, asking, same
from stackwright.places.kubernetes.command import At, Channel, Running, execute
from stackwright.places.kubernetes.inner import container_of, errand, spec_of
from stackwright.runtime.workspace import Workspace

Stamp = tuple[int, int]  # size and time, in whole seconds; of a folder nothing

_SKIPPED = ("__pycache__", "proof")
_FOLDER: Stamp = (-1, 0)


@dataclass
class Carrier:
    """What the pods of one stack have of this machine's files; nothing goes twice."""

    ws: Workspace
    _there: dict[str, tuple[At, dict[str, Stamp]]] = field(default_factory=dict)  # by component

    def carries(self, component: str) -> bool:
        """Whether it runs jobs in a pod."""
        spec = spec_of(self.ws, component)
        return bool(spec and spec["pod"]["jobs"])

    def prefix(self, component: str) -> str:
        """Where its own environment is inside."""
        return str(self._spec(component)["environment"]["prefix"])

    def push(self, component: str) -> None:
        """Have the pod see its folders as they are here."""
        spec = self._spec(component)
        with asking(component, self.ws) as cluster:
            at, known = self._known(cluster, spec)
            here = {str(place): stamp for root in spec["pod"]["jobs"] for place, stamp in _found(Path(root))}
            changed = [name for name, stamp in here.items() if known.get(name) != stamp]
            if changed:
                given = archive.pack(_items(changed, here))
                self._errand(cluster, at, spec, ["take", str(len(given))], given)
                known.update({name: here[name] for name in changed})
            if gone := [name for name, stamp in known.items() if name not in here and stamp != _FOLDER]:
                given = json.dumps(gone).encode()
                self._errand(cluster, at, spec, ["drop", str(len(given))], given)
                for name in gone:
                    del known[name]

    def pull(self, component: str) -> None:
        """Have here what was made there, in the folder that jobs may write to."""
        spec = self._spec(component)
        with asking(component, self.ws) as cluster:
            at, known = self._known(cluster, spec)
            given = json.dumps(known).encode()
            roots = [root for root in spec["pod"]["jobs"] if Path(root) == self.ws.jobs]
            said = self._errand(cluster, at, spec, ["give", str(len(given)), *roots], given)
            for file in _unpacked(said, self.ws.jobs):
                known[str(file)] = _stamp(file)

    def start(self, component: str, argv: Sequence[str], env: Mapping[str, str], folder: Path) -> Running:
        """Have a program run there that listens to its standard input; its folders are there as they are here."""
        self.push(component)
        spec = self._spec(component)
        with asking(component, self.ws) as cluster:
            at, _ = self._known(cluster, spec)
            running = Running(cluster, at, errand(self.prefix(component), "do"), reads=True)
            told = {"argv": list(argv), "env": dict(env), "cwd": str(folder), "listens": True}
            running.send(json.dumps(told).encode() + b"\n")
        return running

    def heard(self, running: Running, seconds: float) -> tuple[bool, bytes] | None:
        """What a program says next, and whether that is its output; None for a silence, and at its end."""
        piece = running.receive(seconds)
        return (piece[0] == Channel.OUT, piece[1]) if piece else None

    def close(self) -> None:
        """What jobs were told goes there as it went here."""
        for component in list(self._there):
            self.push(component)

    def _spec(self, component: str) -> dict[str, Any]:
        spec = spec_of(self.ws, component)
        assert spec is not None  # who asks has it from the same plan
        return spec

    def _known(self, cluster: Cluster, spec: dict[str, Any]) -> tuple[At, dict[str, Stamp]]:
        """Where, and what is there; a pod that is another one since has nothing, and one from before has old things."""
        component = spec["component"]
        at, known = self._there.get(component, (None, {}))
        if at is None:
            same(self.ws, cluster)
            at = container_of(cluster, self.ws, component)
            at = at._replace(container=pods.container_of(spec["processes"][-1]["name"]))
            self._errand(cluster, at, spec, ["clear", *spec["pod"]["jobs"]])
            self._there[component] = at, known
        return at, known

    def _errand(self, cluster: Cluster, at: At, spec: dict[str, Any], words: list[str], given: bytes = b"") -> bytes:
        said, errors, asked = list[bytes](), list[bytes](), threading.Event()
        command = errand(spec["environment"]["prefix"], *words)
        status = execute(cluster, at, command, asked, given=given, out=said.append, errors=errors.append)
        if status != 0:
            raise StackError(_not_carried(spec["component"], status, b"".join(errors).decode(errors="replace")))
        return b"".join(said)


def _found(root: Path) -> Iterator[tuple[Path, Stamp]]:
    """Everything below a folder but what nobody there needs, folders first."""
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        yield from ((Path(place, name), _FOLDER) for name in folders)
        yield from ((file, _stamp(file)) for file in map(Path(place).joinpath, names) if file.is_file())


def _stamp(file: Path) -> Stamp:
    seen = file.stat()
    return seen.st_size, int(seen.st_mtime)


def _items(names: Sequence[str], here: Mapping[str, Stamp]) -> Iterator[archive.Item]:
    for name in names:
        folder = here[name] == _FOLDER
        mode = 0o700 if folder else Path(name).stat().st_mode & 0o777
        yield archive.Item(name.lstrip("/"), None if folder else Path(name).read_bytes(), mode, time=here[name][1])


def _unpacked(data: bytes, below: Path) -> Iterator[Path]:
    """What came back, put in its place: below this folder, whatever a pod says."""
    if not data:
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            place = Path("/", member.name)
            if member.isfile() and ".." not in place.parts and place.is_relative_to(below):
                tar.extract(member, "/", set_attrs=True, filter="data")
                yield place


def _not_carried(component: str, status: int | None, said: str) -> Diagnostic:
    how = "its pod ended meanwhile" if status is None else f"the pod's end of it exited with status {status}"
    return Diagnostic(
        code="P179",
        summary="files could not be carried",
        detail=f"The files of a job go to the pod of `{component}` and back, and {how}: {said.strip()[-500:]}.",
        hint=f"what the pod says is shown by\n    stack logs {component}",
    )
