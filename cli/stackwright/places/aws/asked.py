"""What is asked before anything is made: who pays, which regions there are, and which machines they have."""

from __future__ import annotations

import os
from collections.abc import Sequence

from stackwright.places.aws.session import HOME, asking, client, pages
from stackwright.places.cloud import Account, Machines, Offer


def account() -> Account:
    """By the credentials that Terraform's provider would find, too."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _configured()
    with asking():
        said = client("sts", region or HOME).get_caller_identity()
    return Account(str(said["Account"]), str(said["Arn"]), region)


def regions() -> list[str]:
    """Without those that the account would have to switch on first."""
    with asking():
        listed = client("ec2", HOME).describe_regions(AllRegions=False)["Regions"]
    return sorted(one["RegionName"] for one in listed)


def offers(region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
    """Of each machine the zones, and what speaks against it."""
    wanted, ec2 = sorted({one.type for one in machines}), client("ec2", region)
    zones: dict[str, set[str]] = {}
    with asking():
        filters = [{"Name": "instance-type", "Values": wanted}]
        found = pages(
            ec2,
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=filters,
        )
        for one in found:
            zones.setdefault(one["InstanceType"], set()).add(one["Location"])
        described = list(pages(ec2, "describe_instance_types", "InstanceTypes", Filters=filters)) if zones else []
    gpus = {one["InstanceType"]: [gpu["Name"] for gpu in one.get("GpuInfo", {}).get("Gpus", ())] for one in described}
    return {one.type: _offer(one, region, zones.get(one.type, set()), gpus.get(one.type, [])) for one in machines}


def _offer(machine: Machines, region: str, zones: set[str], gpus: list[str]) -> Offer:
    if not zones:
        return Offer((), f"no zone of `{region}` has `{machine.type}`")
    if len(zones) < 2 and not machine.gpus:
        return Offer((), f"`{machine.type}` is in one zone of `{region}` only, and EKS needs two")
    if machine.gpus and not gpus:
        return Offer((), f"`{machine.type}` has no GPU")
    return Offer(tuple(sorted(zones)))


def _configured() -> str:
    """The region of the user's profile."""
    import botocore.session

    with asking():
        return str(botocore.session.Session().get_config_variable("region") or "")
