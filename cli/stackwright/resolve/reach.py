"""How a component of one target addresses one of another: the only place where two targets meet."""

from __future__ import annotations

from collections.abc import Callable

from stackwright.model.deployer import Deployer

Address = dict[str, object]


def _dialled(server: Deployer, port: int) -> Address:
    return server.dial(port)


_ITS_OWN_WAY = "a vendor's service is reached by the vendor's own client, over no wire"
_OWNERS = "what runs elsewhere is wired by whoever runs it"

# viewer's target, server's target -> the rule of an address, or why there is none
TABLE: dict[tuple[str, str], Callable[[Deployer, int], Address] | str] = {
    ("process", "process"): _dialled,
    ("process", "external"): _dialled,
    ("process", "hosted"): _ITS_OWN_WAY,
    ("external", "process"): _OWNERS,
    ("external", "external"): _dialled,  # by itself, and by the stack's jobs
    ("external", "hosted"): _OWNERS,
    ("hosted", "process"): _OWNERS,
    ("hosted", "external"): _OWNERS,
    ("hosted", "hosted"): _ITS_OWN_WAY,
}


def refusal(viewer: str, server: str) -> str:
    """Why a component of one target cannot reach one of another; empty when it can."""
    cell = TABLE.get((viewer, server), f"nothing carries `{viewer}` to `{server}` in this release")
    return cell if isinstance(cell, str) else ""


def address(viewer: str, server: Deployer, port: int) -> Address:
    """The `host` and `port` under which a component of the viewer's target reaches the server's port."""
    cell = TABLE.get((viewer, server.target))
    if cell is None or isinstance(cell, str):
        raise ValueError(refusal(viewer, server.target))  # wire.py has refused this wire already
    return cell(server, port)
