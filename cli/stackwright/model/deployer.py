"""A target is code: how components of one target bind, dial and keep their things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol


class Deployer(Protocol):
    """What the resolver asks a target."""

    target: ClassVar[str]

    def listen(self, port: int) -> dict[str, object]:
        """`host`, `port` and the `names` (host and host:port) a server must answer to."""

    def dial(self, port: int) -> dict[str, object]:
        """`host` and `port` for whoever calls the component from the same target or from the stack's jobs."""

    def folder(self, component: str, unprivileged: bool) -> str:
        """The component's own folder, absolute."""


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


TARGETS: dict[str, type] = {ProcessDeployer.target: ProcessDeployer}
