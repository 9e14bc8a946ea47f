"""Every kind of thing that a stack may have at AWS, in an order in which they can be removed."""

from stackwright.places.aws.kinds import compute, data, identity, network, services
from stackwright.places.aws.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (
    *services.KINDS,
    *compute.KINDS,
    *data.KINDS,
    *network.KINDS,
    *identity.KINDS,
)

__all__ = ["KINDS", "Kind"]
