"""Amazon's cloud. Its SDK is an extra of the package, and loaded when the cloud is spoken to."""

from __future__ import annotations

from collections.abc import Sequence

from stackwright.places.cloud import Account, Machines, Offer, Quota, Thing


class Aws:
    """See `Cloud`."""

    def account(self) -> Account:
        """The account's number, and the user or role that asks."""
        from stackwright.places.aws import asked

        return asked.account()

    def regions(self) -> list[str]:
        """Those that the account has switched on."""
        from stackwright.places.aws import asked

        return asked.regions()

    def offers(self, region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
        """The zones that have each machine; one with GPUs has to have those that are asked for."""
        from stackwright.places.aws import asked

        return asked.offers(region, machines)

    def quotas(self, region: str, machines: Sequence[Machines]) -> list[Quota]:
        """Cores on demand, by family."""
        from stackwright.places.aws import quotas

        return quotas.of(region, machines)

    def things(self, stack: str, region: str) -> list[Thing]:
        """Service by service, and by the tagging API what no service's list is known for; in order of removal."""
        from stackwright.places.aws import census

        return census.things(stack, region)

    def remove(self, thing: Thing) -> None:
        """Delete it, and wait until it is gone; CloudError where something else has to go first."""
        from stackwright.places.aws import census

        census.remove(thing)
