"""What a stack has at AWS: every service is asked for its own list, and the tagging API for kinds that we do not know.

Neither alone is a proof: the tagging API knows nothing of clusters, roles, addresses, launch templates and groups of
machines, and our table knows nothing of what somebody has made with our tag by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from stackwright.places.aws.kinds import KINDS, Kind
from stackwright.places.aws.kinds.kind import STACK
from stackwright.places.aws.session import HOME, absent, asking, client, pages
from stackwright.places.cloud import CloudError, NoCredentialsError, Thing

UNSEEN = "kind that cannot be listed"
UNKNOWN = "resource"  # that only its tag tells of

_AT_ONCE = 8  # listings; each waits for the network
_BY_NAME = {kind.name: kind for kind in KINDS}
_KNOWN = tuple(kind.arn for kind in KINDS)
# The tagging API's words for what has another name in our table, or goes with what has.
_BESIDE = ("ec2:natgateway", "ec2:elastic-ip", "ec2:vpc-endpoint", "eks:addon", "ec2:security-group-rule")


def things(stack: str, region: str) -> list[Thing]:
    """In an order in which they can be removed; a kind that cannot be listed is one of them, as nothing is proven."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda kind: _of(kind, stack, region), KINDS))
    return [thing for some in found for thing in some] + list(_tagged(stack, region))


def remove(thing: Thing) -> None:
    """One that is gone already is as good as removed."""
    kind = _BY_NAME.get(thing.kind)
    if kind is None:
        raise CloudError(f"`{thing.name}` is of a kind that is not removed here: nobody knows what hangs on it")
    from botocore.exceptions import WaiterError

    try:
        with asking():
            try:
                kind.remove(client(kind.service, thing.place), thing.name)
            except WaiterError as error:
                raise CloudError(f"it was not gone in time: {error}") from None
    except CloudError as error:
        if not absent(error.__cause__):
            raise


def _of(kind: Kind, stack: str, region: str) -> list[Thing]:
    place = HOME if kind.everywhere else region
    try:
        with asking():
            return [Thing(kind.name, name, place) for name in kind.listed(client(kind.service, place), stack)]
    except NoCredentialsError:
        raise
    except CloudError as error:
        return [Thing(UNSEEN, f"{kind.name}: {error.detail}", place)]


def _tagged(stack: str, region: str) -> Iterator[Thing]:
    """Of kinds that are not in the table; for the others their own service knows better whether they still are."""
    with asking():
        tags = [{"Key": STACK, "Values": [stack]}]
        listed = pages(
            client("resourcegroupstaggingapi", region), "get_resources", "ResourceTagMappingList", TagFilters=tags
        )
        for one in listed:
            _, _, service, _, _, rest = one["ResourceARN"].split(":", 5)
            if not f"{service}:{rest}".startswith((*_KNOWN, *_BESIDE)):
                yield Thing(UNKNOWN, one["ResourceARN"], region)
