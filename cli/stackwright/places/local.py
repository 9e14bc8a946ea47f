"""Clusters on this machine's container engine, made by their own programs: `kind`, and `k3d` for k3s.

A program has no word for "make it if it is not there", and one that was killed in the middle leaves half a cluster
under the name of a whole one. So a cluster is whole when it is listed *and* its kubeconfig lies in the workspace, where
it is put last; any other is removed and made anew.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stackwright.errors import Diagnostic, StackError
from stackwright.places import docker
from stackwright.places.cloud import CloudError, Thing
from stackwright.runtime.cli import AbsentError, UnansweredError, ask
from stackwright.runtime.files import write_atomic
from stackwright.runtime.program import ProgramError, quoted, run
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace

Progress = Callable[[str, str, str], None]


@dataclass(frozen=True)
class _Program:
    """What makes one kind of cluster, and how it is spoken to."""

    name: str
    home: str  # where to get it
    label: str  # on the containers of its nodes: the cluster's name
    longest: int  # letters of a cluster's name

    def cluster(self, stack: str) -> str:
        """The stack's id, cut where it is too long; its six digits stay."""
        name, _, digits = stack.rpartition("-")
        return f"{name[: self.longest - 7]}-{digits}"

    def context(self, stack: str) -> str:
        """Both put their own name before the cluster's."""
        return f"{self.name}-{self.cluster(stack)}"

    def listing(self) -> list[str]:
        """The command that lists every cluster."""
        return ["kind", "get", "clusters"] if self.name == "kind" else ["k3d", "cluster", "list", "--output", "json"]

    def listed(self, said: str) -> list[str]:
        """The names in what it says."""
        return said.split("\n") if self.name == "kind" else [one["name"] for one in json.loads(said or "[]")]

    def making(self, stack: str, nodes: int, file: Path) -> list[str]:
        """The command that makes one, and waits until its control plane is ready."""
        name = self.cluster(stack)
        if self.name == "kind":
            role = ["control-plane", *["worker"] * nodes]
            each = [{"role": one, "labels": {"stackwright.stack": stack}} for one in role]
            config = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": each}
            write_atomic(file, json.dumps(config).encode())
            return ["kind", "create", "cluster", "--name", name, "--config", str(file), "--wait", "180s"]
        label = f"stackwright.stack={stack}@all"
        asked = ["k3d", "cluster", "create", name, "--agents", str(nodes), "--runtime-label", label]
        return [*asked, "--kubeconfig-update-default=false", "--wait", "--timeout", "300s"]

    def telling(self, stack: str) -> list[str]:
        """The command that prints the kubeconfig."""
        name = self.cluster(stack)
        return [self.name, *(["get", "kubeconfig", "--name"] if self.name == "kind" else ["kubeconfig", "get"]), name]

    def removing(self, name: str) -> list[str]:
        """The command that removes it, whole or not."""
        return [self.name, *(["delete", "cluster", "--name"] if self.name == "kind" else ["cluster", "delete"]), name]


PROGRAMS = {
    "kind": _Program("kind", "https://kind.sigs.k8s.io/docs/user/quick-start", "io.x-k8s.kind.cluster", 50),
    "k3s": _Program("k3d", "https://k3d.io/stable/#installation", "k3d.cluster", 32),
}


class Seen(NamedTuple):
    """A cluster that is there."""

    name: str
    context: str


def require(kind: str) -> str:
    """Which program makes it; StackError where it is not on PATH, or no engine answers it."""
    program = PROGRAMS[kind]
    try:
        said = ask([program.name, "version"])
    except AbsentError:
        detail = f"A cluster of `{kind}` is made by `{program.name}`, which is not on PATH."
        hint = f"get it from {program.home}\nor name a cluster that you have\n    provider: existing"
        raise StackError(Diagnostic("P244", "cluster's program is missing", detail, hint=hint)) from None
    except UnansweredError as error:
        raise StackError(_failed(program, "version", str(error))) from None
    docker.about()
    return (said.split("\n", 1)[0] or program.name).strip()


def find(ws: Workspace, kind: str) -> Seen | None:
    """The stack's cluster where it is whole."""
    there = kubeconfig(ws).is_file() and _listed(PROGRAMS[kind], ws.id)
    return Seen(PROGRAMS[kind].cluster(ws.id), PROGRAMS[kind].context(ws.id)) if there else None


def ensure(ws: Workspace, kind: str, nodes: int, progress: Progress, cancel: threading.Event) -> Seen:
    """The cluster, made where it is not there or not whole, with its kubeconfig in the workspace."""
    program = PROGRAMS[kind]
    require(kind)
    if seen := find(ws, kind):
        return seen
    if _listed(program, ws.id):
        remove(ws, kind)
    client_journal(ws).write("intent", "cluster", "", program.cluster(ws.id))
    scratch = ws.root / f"{kind}.json"
    _run(ws, program, program.making(ws.id, nodes, scratch), progress, cancel)
    write_atomic(kubeconfig(ws), _ask(program, program.telling(ws.id)).encode())
    scratch.unlink(missing_ok=True)
    return Seen(program.cluster(ws.id), program.context(ws.id))


def remove(ws: Workspace, kind: str) -> None:
    """The cluster, and what tells of it."""
    program = PROGRAMS[kind]
    if _listed(program, ws.id):
        _ask(program, program.removing(program.cluster(ws.id)), 600)
    kubeconfig(ws).unlink(missing_ok=True)


class Local:
    """Whoever takes such a cluster away asks the program *and* the engine, which has containers it does not list."""

    def __init__(self, kind: str) -> None:
        self._program = PROGRAMS[kind]

    def things(self, stack: str, _region: str) -> list[Thing]:
        """The cluster, or what is left of it."""
        name = self._program.cluster(stack)
        try:
            there = docker.labelled(self._program.label, name) or _listed(self._program, stack)
        except StackError as error:
            raise CloudError("; ".join(f"{one.summary}: {one.detail}" for one in error.diagnostics)) from None
        return [Thing("cluster", name, self._program.name)] if there else []

    def remove(self, thing: Thing) -> None:
        """With all that runs on it."""
        _ask(self._program, self._program.removing(thing.name), 600)


def kubeconfig(ws: Workspace) -> Path:
    """Where what gets into the cluster lies."""
    return ws.root / "kubeconfig"


def _listed(program: _Program, stack: str) -> bool:
    return program.cluster(stack) in program.listed(_ask(program, program.listing()))


def _ask(program: _Program, command: list[str], seconds: float = 120) -> str:
    try:
        return ask(command, {"KUBECONFIG": os.devnull}, seconds)
    except AbsentError:
        raise StackError(_failed(program, command[1], "it is no longer on PATH")) from None
    except UnansweredError as error:
        raise StackError(_failed(program, " ".join(command[1:3]), str(error))) from None


def _run(ws: Workspace, program: _Program, command: list[str], progress: Progress, cancel: threading.Event) -> None:
    own = ws.root / f"kubeconfig.{program.name}"  # it writes one whatever is said; never the user's own
    try:
        env = {**os.environ, "KUBECONFIG": str(own)}
        run(command, ws.root, env, cancel, lambda line: progress("cluster", "starting", line) if line else None)
    except ProgramError as error:
        raise StackError(_failed(program, "create", error.tail)) from None
    finally:
        own.unlink(missing_ok=True)


def _failed(program: _Program, what: str, said: str) -> Diagnostic:
    detail = f"`{program.name} {what}` failed. {quoted('What it said:', said)}".strip()
    hint = "look at what is there\n    " + " ".join(program.listing())
    return Diagnostic("P245", "cluster's program failed", detail, hint=hint)
