"""What is asked of every cloud, before something is made there and after it is gone; each has a room that answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Account(NamedTuple):
    """Who pays."""

    id: str  # a project, a subscription, an account's number
    who: str  # the user or role that asks
    region: str = ""  # that this user has set as the usual one


class Machines(NamedTuple):
    """A pool as a cloud sees it."""

    type: str
    number: int  # of them, at the most
    cpu: int  # of one; 0: the cloud knows
    gpu: str = ""  # the cloud's own word for it, where that is not the machine's
    gpus: int = 0


class Quota(NamedTuple):
    """How much of something an account may have in a region."""

    name: str  # as the cloud calls it, so that its owner finds it
    limit: float
    used: float
    wanted: float

    @property
    def enough(self) -> bool:
        """Whether what is wanted fits into what is left."""
        return self.limit - self.used >= self.wanted


class Thing(NamedTuple):
    """Something of a stack that a cloud still has."""

    kind: str
    name: str
    place: str  # its region, zone or group


class Offer(NamedTuple):
    """Whether a kind of machine can be had in a region."""

    zones: tuple[str, ...]  # where; one empty name where a cloud has no zones there
    why_not: str = ""


class CloudError(Exception):
    """The cloud could not be asked, and why."""

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.detail, self.hint = detail, hint


class NoCredentialsError(CloudError):
    """Nobody is logged in, or no longer."""


class NoProgramError(CloudError):
    """What speaks to the cloud is not on this machine."""


class Keeper(Protocol):
    """Where clusters are, as whoever takes one away asks: each call raises CloudError where it cannot be answered."""

    def things(self, stack: str, region: str) -> list[Thing]:
        """What there is of a stack, kind by kind and not by one search, which forgets some; in the order to remove."""

    def remove(self, thing: Thing) -> None:
        """Delete it, and wait until it is gone."""


class Cloud(Keeper, Protocol):
    """The answers of one cloud, before anything is made."""

    def account(self) -> Account:
        """Who would pay."""

    def regions(self) -> list[str]:
        """Every region that the account may use."""

    def offers(self, region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
        """Of each kind of machine, where it can be had."""

    def quotas(self, region: str, machines: Sequence[Machines]) -> list[Quota]:
        """What these machines are counted against."""
