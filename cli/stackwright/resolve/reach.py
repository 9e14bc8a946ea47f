"""How a component of one target addresses one of another: the only place where two targets meet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from stackwright.model.deployer import (
    CONTAINED,
    TARGETS,
    Address,
    DockerDeployer,
    ExternalDeployer,
    KubernetesDeployer,
    Port,
    ProcessDeployer,
)

Rule = Callable[[Any, Port], Address]  # of the server's deployer

ITSELF = "itself"  # the viewer that is the server
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1|0\.0\.0\.0", re.IGNORECASE)

_ITS_OWN_WAY = "a vendor's service is reached by the vendor's own client, over no wire"
_OWNERS = "what runs elsewhere is wired by whoever runs it"

_NO_WAY_BACK = "a pod does not reach what runs on this machine"

# viewer's target, server's target -> the rule of an address, or why there is none
TABLE: dict[tuple[str, str], Rule | str] = {
    ("process", "process"): ProcessDeployer.dial,
    ("process", "docker"): DockerDeployer.dial,
    ("process", "kubernetes"): KubernetesDeployer.dial,  # where the stack's forwarder listens
    ("process", "external"): ExternalDeployer.dial,
    ("process", "hosted"): _ITS_OWN_WAY,
    ("docker", "process"): ProcessDeployer.dial,  # over a relay, which is at the very same address inside
    ("docker", "docker"): DockerDeployer.within,
    ("docker", "kubernetes"): KubernetesDeployer.dial,  # over a relay to the forwarder
    ("docker", "external"): ExternalDeployer.dial,
    ("docker", "hosted"): _ITS_OWN_WAY,
    ("kubernetes", "process"): _NO_WAY_BACK,
    ("kubernetes", "docker"): _NO_WAY_BACK,
    ("kubernetes", "kubernetes"): KubernetesDeployer.within,
    ("kubernetes", "external"): ExternalDeployer.dial,
    ("kubernetes", "hosted"): _ITS_OWN_WAY,
    **{("external", server): _OWNERS for server in TARGETS},
    **{("hosted", server): _OWNERS for server in TARGETS},
    ("hosted", "hosted"): _ITS_OWN_WAY,
}


def refusal(viewer: str, server: str, host: str = "") -> str:
    """Why a component of one target cannot reach one of another (that its owner says is at `host`); empty if it can."""
    cell = TABLE.get((viewer, server), f"nothing carries `{viewer}` to `{server}` in this release")
    if isinstance(cell, str):
        return cell
    if viewer in CONTAINED and _LOOPBACK.fullmatch(host):
        return f"inside a container `{host}` is the container, not this machine"
    return ""


def address(viewer: str, server: Any, port: Port) -> Address:
    """The `host` and `port` under which a component of the viewer's target reaches the server's port."""
    cell = type(server).itself if viewer == ITSELF else TABLE.get((viewer, server.target))
    if cell is None or isinstance(cell, str):
        raise ValueError(refusal(viewer, server.target))  # wire.py has refused this wire already
    return cell(server, port)
