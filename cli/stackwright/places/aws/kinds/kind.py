"""What is known of a kind of thing: how those of a stack are listed, and how one is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stackwright.places.aws.session import Client, pages

Lister = Callable[[Client, str], Iterable[str]]

STACK = "stackwright.stack"  # the tag that modules/ give everything


class Kind(NamedTuple):
    """`listed` yields the names by which `remove` takes them."""

    name: str
    service: str
    arn: str  # as the tagging API's names begin: `ec2:vpc`
    listed: Lister
    remove: Callable[[Client, str], None]
    everywhere: bool = False  # it is in no region


def tags_of(stack: str) -> dict[str, str]:
    """Each of these alone says whose a thing is: ours, and those that EKS and its controllers give what they make."""
    return {
        STACK: stack,
        f"kubernetes.io/cluster/{stack}": "owned",
        "aws:eks:cluster-name": stack,
        "eks:cluster-name": stack,
        "cluster.k8s.amazonaws.com/name": stack,
        "elbv2.k8s.aws/cluster": stack,
    }


def ours(stack: str, tags: Any) -> bool:
    """Whether the tags, in whichever of AWS's spellings, are of the stack."""
    known = tags_of(stack)
    return any(known.get(key) == value for key, value in _pairs(tags))


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tags, Mapping):
        yield from tags.items()
    else:
        for tag in tags or ():
            yield (
                tag.get("Key", tag.get("key", tag.get("TagKey"))),
                tag.get("Value", tag.get("value", tag.get("TagValue"))),
            )


def telling(operation: str, key: str, name: str, tags: str) -> Lister:
    """A lister for what tells its tags in its listing."""

    def listed(client: Client, stack: str) -> Iterator[str]:
        for one in pages(client, operation, key):
            if ours(stack, one.get(tags)):
                yield one[name]

    return listed


def asked(
    operation: str, key: str, name: str, ask: Callable[[Client, Any], Any]
) -> Callable[[Client, str], Iterator[str]]:
    """A lister for what has to be asked for its tags one by one."""

    def listed(client: Client, stack: str) -> Iterator[str]:
        for one in pages(client, operation, key):
            if ours(stack, ask(client, one)):
                yield one[name]

    return listed


def by(operation: str, argument: str, **more: Any) -> Callable[[Client, str], None]:
    """A remover that is one call with the name."""

    def remove(client: Client, name: str) -> None:
        getattr(client, operation)(**{argument: name}, **more)

    return remove
