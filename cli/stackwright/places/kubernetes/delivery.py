"""How images get from this machine's engine to a cluster's nodes: through a registry, or into a node's own store."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from stackwright.errors import Diagnostic, StackError
from stackwright.places.kubernetes.cluster import Cluster, asking, claim, claimed
from stackwright.runtime import journal
from stackwright.runtime.cancel import slot
from stackwright.runtime.program import ProgramError, feed, said_by
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace

Section = Mapping[str, Any]  # the manifest's `cluster:`, as Terraform carries it
Progress = Callable[[str, str, str], None]  # (subject, phase, text)

CONTAINERD, K3S, KIND, K3D, REGISTRY = "containerd", "k3s", "kind", "k3d", "registry"
_SLOTS = threading.BoundedSemaphore(1)  # disks are what is waited for
_CTR = {CONTAINERD: ["ctr", "-n", "k8s.io"], K3S: ["k3s", "ctr", "-n", "k8s.io"]}


class Engine(Protocol):
    """The place that has the images: `places.docker.export`."""

    def saved(self, image: str) -> Iterator[bytes]:
        """The image as a stream."""

    def push(self, image: str, reference: str, tell: Callable[[str], None], cancel: threading.Event) -> None:
        """Put it into a registry."""

    def pushed(self, reference: str) -> bool:
        """Whether its registry has it."""


class Way(NamedTuple):
    """How images get there."""

    kind: str
    name: str = ""  # of the cluster, as the program that made it knows it; or of the registry


def way_of(section: Section, context: str) -> Way:
    """What the manifest says, or else what the context's name gives away; StackError where neither does."""
    if section.get("registry"):
        return Way(REGISTRY, str(section["registry"]).rstrip("/"))
    for kind in (KIND, K3D):
        if section.get("load") in (kind, None) and context.startswith(f"{kind}-"):
            return Way(kind, context.removeprefix(f"{kind}-"))
    if section.get("load"):
        return Way(str(section["load"]), KIND if section["load"] == KIND else "")
    raise StackError(_no_way(context))


def reference(way: Way, image: str) -> str:
    """What pods call an image of this machine."""
    return f"{way.name}/{image.rpartition('/')[2]}" if way.kind == REGISTRY else image


def known(ws: Workspace, image: str, section: Section) -> str:
    """What it is or will be called there."""
    context = section.get("context") or claimed(ws).context
    if section.get("registry") or not context:
        return reference(Way(REGISTRY, section["registry"]), image) if section.get("registry") else image
    return reference(way_of(section, context), image)


def there(ws: Workspace, called: str, section: Section, engine: Engine) -> bool:
    """Whether the nodes can have it."""
    with asking(called, ws) as cluster:
        way = way_of(section, cluster.context)
        return engine.pushed(called) if way.kind == REGISTRY else called in _loaded(cluster, way)


def ensure(
    ws: Workspace,
    key: str,
    image: str,
    section: Section,
    *,
    engine: Engine,
    progress: Progress,
    cancel: threading.Event,
) -> str:
    """Have the nodes able to have the image, and answer what it is called there."""

    def tell(text: str, phase: str = "installing") -> None:
        progress(key, phase, text)

    with asking(image, ws, section.get("context")) as cluster:
        claim(ws, cluster, section)
        way = way_of(section, cluster.context)
        called = reference(way, image)
        client_journal(ws).write("intent", "delivery", "", called, way=list(way))
        with slot(_SLOTS, cancel, lambda: tell("waiting for other images on their way")):
            if way.kind == REGISTRY:
                engine.push(image, called, tell, cancel)
            elif called not in _loaded(cluster, way):
                tell(f"bringing {image} to the nodes of {cluster.context}")
                _load(way, image, engine, cancel)
        client_journal(ws).write("done", "delivery", "", called)
        tell(f"{called} is there for {cluster.context}", "ready")
    return called


def brought(ws: Workspace) -> dict[str, Way]:
    """The images that were brought to nodes for a stack, or pushed, by its journal."""
    entries = journal.read(ws.journal_dir / "client.jsonl")
    return {str(e["id"]): Way(*e["way"]) for e in entries if e["kind"] == "delivery" and e["op"] == "intent"}


def pushed(ws: Workspace) -> list[str]:
    """Those of them that a registry has: they stay."""
    return [name for name, way in brought(ws).items() if way.kind == REGISTRY]


def loaded(cluster: Cluster, ws: Workspace) -> dict[str, Way]:
    """Those that are in nodes' own stores and that nobody else needs now."""
    ours = {name: way for name, way in brought(ws).items() if way.kind != REGISTRY}
    if not ours:
        return {}
    others = {name for other in Workspace.all() if other.id != ws.id for name in brought(other)}
    used = {
        container["image"].removeprefix("docker.io/")
        for pod in cluster.items("/api/v1/pods") if pod["metadata"]["namespace"] != ws.id
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
    }  # fmt: skip
    there = {way: _loaded(cluster, way) for way in set(ours.values())}
    return {name: way for name, way in ours.items() if name in there[way] and name not in others | used}


def unload(way: Way, called: str) -> None:
    """Out of the nodes' stores; one that somebody has just begun to use stays."""
    try:
        if way.kind in _CTR:
            _program([*_CTR[way.kind], "images", "rm", f"docker.io/{called}"])
        else:
            for node in _nodes(way):
                _program(["docker", "exec", node, "crictl", "rmi", f"docker.io/{called}"])
    except StackError:
        return


def command(way: Way, called: str) -> str:
    """What a person types to remove it."""
    if way.kind in _CTR:
        return " ".join([*_CTR[way.kind], "images", "rm", f"docker.io/{called}"])
    return f"docker exec NODE crictl rmi docker.io/{called}"


def _loaded(cluster: Cluster, way: Way) -> set[str]:
    """The images that the nodes have, as far as ours are among them."""
    if way.kind in _CTR:
        said = _program([*_CTR[way.kind], "images", "ls", "-q"])
        return {line.removeprefix("docker.io/") for line in said.split()}
    nodes = cluster.items("/api/v1/nodes")
    each = [{name for image in node["status"].get("images", ()) for name in image.get("names") or ()} for node in nodes]
    return {name.removeprefix("docker.io/") for name in set.intersection(*each)} if each else set()


def _load(way: Way, image: str, engine: Engine, cancel: threading.Event) -> None:
    if way.kind in _CTR:
        _program([*_CTR[way.kind], "images", "import", "-"], engine.saved(image), cancel)
    elif way.kind == KIND:
        _program(["kind", "load", "docker-image", image, "--name", way.name])
    elif way.kind == K3D:
        _program(["k3d", "image", "import", image, "--cluster", way.name])
    else:
        raise StackError(_not_delivered(f"nothing here knows the way `{way.kind}`", [way.kind]))


def _nodes(way: Way) -> list[str]:
    if way.kind == KIND:
        return _program(["kind", "get", "nodes", "--name", way.name]).split()
    said = _program(["docker", "ps", "--filter", f"label=k3d.cluster={way.name}", "--format", "{{.Names}}"])
    return [name for name in said.split() if "-server-" in name or "-agent-" in name]


def _program(
    command: Sequence[str], given: Iterator[bytes] | None = None, cancel: threading.Event | None = None
) -> str:
    """Run one of the cluster's own programs."""
    if shutil.which(command[0]) is None:
        raise StackError(_not_delivered("there is no such program here", command))
    try:
        if given is None:
            return said_by(command, 600.0)
        feed(command, given, cancel or threading.Event())
    except ProgramError as error:
        raise StackError(_not_delivered(error.tail, command)) from error
    return ""


def _no_way(context: str) -> Diagnostic:
    return Diagnostic(
        code="P187",
        summary="images have no way to the cluster",
        detail=f"The images of the stack are built on this machine, and nothing says how the nodes of `{context}` "
        "get them.",
        hint="name a registry that they can pull from, or, for a node on this machine, its store\n"
        "    cluster: {registry: HOST/PATH}\n    cluster: {load: containerd}",
    )


def _not_delivered(said: str, command: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        code="P188",
        summary="image could not be brought to the nodes",
        detail=f"`{' '.join(command)}` failed: {said.strip().rstrip('.')}.",
        hint="see whether it works by hand, and whether you may do it; of `ctr` the store is named by\n"
        "    export CONTAINERD_ADDRESS=/run/containerd/containerd.sock",
    )
