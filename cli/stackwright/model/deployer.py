"""A target is code: how components of one target bind, dial and keep their things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol


class Deployer(Protocol):
    """What the resolver asks of every target that components can be wired to."""

    target: ClassVar[str]

    def dial(self, port: int) -> dict[str, object]:
        """`host` and `port` for whoever calls the component from the same target or from the stack's jobs."""


@dataclass(frozen=True)
class ProcessDeployer:
    """Local processes on 127.0.0.1, each with a folder in the workspace."""

    workspace: str
    unprivileged_root: str | None = None  # where components live that cannot run as root; None: not root

    target: ClassVar[str] = "process"

    def listen(self, port: int) -> dict[str, object]:
        """Loopback only."""
        return {"host": "127.0.0.1", "port": port, "names": ["127.0.0.1", f"127.0.0.1:{port}", f"localhost:{port}"]}

    def dial(self, port: int) -> dict[str, object]:
        """Everybody is on this machine."""
        return {"host": "127.0.0.1", "port": port}

    def folder(self, component: str, unprivileged: bool) -> str:
        """In the workspace; under root's state folder for what refuses root."""
        base = self.unprivileged_root if unprivileged and self.unprivileged_root else f"{self.workspace}/components"
        return f"{base}/{component}"


@dataclass(frozen=True)
class ExternalDeployer:
    """A server that somebody else runs: it has an address, and nothing of it is here."""

    host: str
    port: int

    target: ClassVar[str] = "external"

    def dial(self, port: int) -> dict[str, object]:
        """Where its owner says it is, whoever asks."""
        return {"host": self.host, "port": port}


@dataclass(frozen=True)
class HostedDeployer:
    """A vendor's service: its own client knows the way, with the user's credentials."""

    target: ClassVar[str] = "hosted"


TARGETS: dict[str, type] = {kind.target: kind for kind in (ProcessDeployer, ExternalDeployer, HostedDeployer)}
ELSEWHERE = (ExternalDeployer.target, HostedDeployer.target)  # nothing of these is started, and nothing taken down
