"""A target is code: how components of one target bind, dial and keep their things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

Address = dict[str, object]


class Port(NamedTuple):
    """An endpoint's number: the one that its recipe gives it, and the one that it is assigned on this machine."""

    usual: int
    here: int


class Deployer(Protocol):
    """What the resolver asks of every target that components can be wired to."""

    target: ClassVar[str]

    def dial(self, port: Port) -> Address:
        """`host` and `port` for whoever is on this machine: processes, the stack's jobs, a browser."""

    def itself(self, port: Port) -> Address:
        """`host` and `port` for the component's own processes."""


class Starter(Deployer, Protocol):
    """What is asked beside that of a target on which something of ours is started."""

    @property
    def folder(self) -> str:
        """The component's own folder, as its processes see it."""

    @property
    def here(self) -> str:
        """The tool's folder of the catalog, as its processes can read it."""

    @property
    def prefix(self) -> str:
        """Its environment."""

    def listen(self, port: Port, *, alone: bool) -> Address:
        """What to bind, and the names that a server must answer to; `alone`: nobody but the component asks."""


@dataclass(frozen=True)
class ProcessDeployer:
    """Local processes on 127.0.0.1, each component with a folder of this machine."""

    folder: str
    here: str
    prefix: str

    target: ClassVar[str] = "process"

    def listen(self, port: Port, *, alone: bool = False) -> Address:  # noqa: ARG002 (nobody else gets there anyway)
        """Loopback only."""
        names = ["127.0.0.1", f"127.0.0.1:{port.here}", f"localhost:{port.here}"]
        return {"host": "127.0.0.1", "port": port.here, "names": names}

    def dial(self, port: Port) -> Address:
        """Everybody is on this machine."""
        return {"host": "127.0.0.1", "port": port.here}

    def itself(self, port: Port) -> Address:
        """As everybody."""
        return self.dial(port)


@dataclass(frozen=True)
class Contained:
    """What runs from an image, wherever: the same places inside, and the recipe's own ports."""

    name: str  # on the stack's network
    prefix: str

    target: ClassVar[str]
    folder: ClassVar[str] = "/stack"
    here: ClassVar[str] = "/opt/stack/entry"
    environment: ClassVar[str] = "/opt/stack/env"
    jobs: ClassVar[str] = "/opt/stack/jobs"  # the jobs' environment, which an image may have beside its own
    folders: ClassVar[str] = "/opt/stack/folders"  # of the user, one a setting

    @property
    def names(self) -> list[str]:
        """What the stack's other components may call it."""
        return [self.name]

    def listen(self, port: Port, *, alone: bool = False) -> Address:
        """Every interface of the container, since what others dial comes in from outside."""
        here = ["127.0.0.1", "localhost"]
        own = [*self.names, *here]
        names = [*own, *(f"{name}:{port.usual}" for name in own), *(f"{name}:{port.here}" for name in here)]
        host = "127.0.0.1" if alone else "0.0.0.0"  # noqa: S104 (of the container)
        return {"host": host, "port": port.usual, "names": list(dict.fromkeys(names))}

    def dial(self, port: Port) -> Address:
        """The port of this machine that leads there."""
        return {"host": "127.0.0.1", "port": port.here}

    def itself(self, port: Port) -> Address:
        """A component's containers share one loopback."""
        return {"host": "127.0.0.1", "port": port.usual}

    def within(self, port: Port) -> Address:
        """For others of the stack in the same place."""
        return {"host": self.name, "port": port.usual}


@dataclass(frozen=True)
class DockerDeployer(Contained):
    """Containers on a network of the stack, one network identity a component, published on 127.0.0.1."""

    user: str = "10001:10001"

    target: ClassVar[str] = "docker"


@dataclass(frozen=True)
class KubernetesDeployer(Contained):
    """Pods in a namespace of the stack, one a component with its Service; this machine reaches them by a forwarder."""

    namespace: str

    target: ClassVar[str] = "kubernetes"

    @property
    def names(self) -> list[str]:
        """Those that a cluster's DNS knows a Service by."""
        inside = f"{self.name}.{self.namespace}"
        return [self.name, inside, f"{inside}.svc", f"{inside}.svc.cluster.local"]


@dataclass(frozen=True)
class ExternalDeployer:
    """A server that somebody else runs: it has an address, and nothing of it is here."""

    host: str
    port: int

    target: ClassVar[str] = "external"

    def dial(self, port: Port) -> Address:  # noqa: ARG002 (none was assigned)
        """Where its owner says it is, whoever asks."""
        return {"host": self.host, "port": self.port}

    def itself(self, port: Port) -> Address:
        """As everybody."""
        return self.dial(port)


@dataclass(frozen=True)
class HostedDeployer:
    """A vendor's service: its own client knows the way, with the user's credentials."""

    target: ClassVar[str] = "hosted"


TARGETS: dict[str, type] = {
    kind.target: kind
    for kind in (ProcessDeployer, DockerDeployer, KubernetesDeployer, ExternalDeployer, HostedDeployer)
}
CONTAINED = (DockerDeployer.target, KubernetesDeployer.target)  # what runs there runs from images, in containers
ELSEWHERE = (ExternalDeployer.target, HostedDeployer.target)  # nothing of these is started, and nothing taken down
