"""Azure, asked by its own command line `az`, with the login that Terraform uses, too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from stackwright.places.cloud import (
    Account,
    CloudError,
    Machines,
    NoCredentialsError,
    NoProgramError,
    Offer,
    Quota,
    Thing,
)
from stackwright.runtime.cli import AbsentError, UnansweredError, ask, ask_json, denied, gist

_LOGIN = "log in, for Terraform and for us\n    az login"
_DENIED = ("az login", "aadsts", "no subscription", "expired", "unauthorized", "authenticat")
_CORES = "cores"  # of a region, whatever the machines


class Azure:
    """See `Cloud`."""

    def account(self) -> Account:
        """The subscription that `az` has chosen, or the one that Terraform is told of."""
        return self._account

    @cached_property
    def _account(self) -> Account:
        chosen = os.environ.get("ARM_SUBSCRIPTION_ID", "")
        told = self._ask("account", "show", *(["--subscription", chosen] if chosen else []))
        return Account(told["id"], told.get("user", {}).get("name", ""), os.environ.get("AZURE_DEFAULTS_LOCATION", ""))

    def regions(self) -> list[str]:
        """Those in which machines run; the others are groups of regions."""
        listed = self._ask("account", "list-locations", *self._paid)
        return sorted(
            one["name"] for one in listed if one.get("metadata", {}).get("regionType", "Physical") == "Physical"
        )

    def offers(self, region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
        """Whether the subscription may have the machine in the region, and in which zones."""
        found = {}
        for one in machines:
            sku = self._sku(region, one.type)
            if sku is None:
                found[one.type] = Offer((), f"`{region}` has no `{one.type}`")
                continue
            barred = [why for why in sku.get("restrictions", ()) if why.get("type") == "Location"]
            why = (
                f"this subscription may not have `{one.type}` in `{region}`: {barred[0]['reasonCode']}"
                if barred
                else ""
            )
            zones = [zone for place in sku.get("locationInfo", ()) for zone in place.get("zones", ())]
            found[one.type] = Offer(() if barred else tuple(sorted(zones)) or ("",), why)
        return found

    def quotas(self, region: str, machines: Sequence[Machines]) -> list[Quota]:
        """Cores by family of machines, and cores in all."""
        listed = self._ask("vm", "list-usage", "--location", region, *self._paid)
        known = {one["name"]["value"].lower(): one for one in listed}
        wanted: dict[str, float] = {}
        for one in machines:
            family = (self._sku(region, one.type) or {}).get("family", "")
            for name in filter(None, (family.lower(), _CORES)):
                wanted[name] = wanted.get(name, 0) + one.cpu * one.number
        return [
            Quota(seen["name"].get("localizedValue") or name, float(seen["limit"]), float(seen["currentValue"]), count)
            for name, count in wanted.items()
            if (seen := known.get(name))
        ]

    def things(self, stack: str, region: str) -> list[Thing]:  # noqa: ARG002 (a group may be anywhere)
        """The stack's group, that of its nodes, and whatever else carries its tag."""
        tag = ["--tag", f"stackwright.stack={stack}", *self._paid]
        groups = [Thing("group", one["name"], one["location"]) for one in self._ask("group", "list", *tag)]
        mine = {group.name.lower() for group in groups}
        others = self._ask("resource", "list", *tag)
        return groups + [
            Thing("resource", one["id"], one["location"]) for one in others if one["resourceGroup"].lower() not in mine
        ]

    def remove(self, thing: Thing) -> None:
        """A group goes with all that is in it."""
        if thing.kind == "group":
            self._run("group", "delete", "--name", thing.name, "--yes", *self._paid)
        else:
            self._run("resource", "delete", "--ids", thing.name)

    @cached_property
    def _paid(self) -> list[str]:
        return ["--subscription", self._account.id]

    @cached_property
    def _skus(self) -> dict[tuple[str, str], dict[str, Any] | None]:
        return {}

    def _sku(self, region: str, name: str) -> dict[str, Any] | None:
        if (region, name) not in self._skus:
            asked = ("vm", "list-skus", "--resource-type", "virtualMachines", "--all", "--size", name)
            found = self._ask(*asked, "--location", region, *self._paid)
            self._skus[region, name] = next((one for one in found if one["name"] == name), None)
        return self._skus[region, name]

    def _ask(self, *words: str) -> Any:
        return self._run(*words, "--output", "json")

    def _run(self, *words: str) -> Any:
        asked = ["az", *words, "--only-show-errors"]
        try:
            return ask_json(asked) if words[-1] == "json" else ask(asked, seconds=1800)
        except AbsentError:
            hint = "install Azure's command line\n    https://learn.microsoft.com/cli/azure/install-azure-cli"
            raise NoProgramError("`az` is not on PATH", hint) from None
        except UnansweredError as error:
            said = gist(str(error))
            if denied(said, _DENIED):
                raise NoCredentialsError(said, _LOGIN) from None
            raise CloudError(said) from None
