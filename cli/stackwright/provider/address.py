"""The provider's name, and how Terraform is told where a hosted one listens. Light: gRPC is not loaded for it."""

from __future__ import annotations

import os
from typing import Any

ADDRESS = "stackwright.internal/stackwright/stackwright"  # a name that no registry can ever answer for


def reattach(socket: str) -> dict[str, Any]:
    """What TF_REATTACH_PROVIDERS says of a hosted server (as JSON); `Test` keeps Terraform from ending it."""
    address = {"Network": "unix", "String": socket}
    return {ADDRESS: {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}}
