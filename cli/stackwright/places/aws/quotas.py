"""How many cores an account may have running on demand: AWS counts them by family, GPU families apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from stackwright.places.aws.session import asking, client, pages
from stackwright.places.cloud import CloudError, Machines, Quota


class _Counted(NamedTuple):
    code: str
    families: tuple[str, ...]  # the letters that a machine's name begins with


# The names are AWS's own, so that an account's owner finds them in Service Quotas.
_QUOTAS = {
    "Running On-Demand G and VT instances": _Counted("L-DB2E81BA", ("g", "vt")),
    "Running On-Demand P instances": _Counted("L-417A185B", ("p",)),
    "Running On-Demand Inf instances": _Counted("L-1945791B", ("inf",)),
    "Running On-Demand Trn instances": _Counted("L-2C3B7624", ("trn",)),
    "Running On-Demand DL instances": _Counted("L-6E869C2A", ("dl",)),
    "Running On-Demand F instances": _Counted("L-74FC7D96", ("f",)),
    "Running On-Demand X instances": _Counted("L-7295265B", ("x",)),
    "Running On-Demand Standard instances": _Counted("L-1216C47A", ("a", "c", "d", "h", "i", "m", "r", "t", "z")),
}


def of(region: str, machines: Sequence[Machines]) -> list[Quota]:
    """What the machines are counted against, in cores."""
    cpus = _cpus(region, machines)
    wanted: dict[str, float] = {}
    for one in machines:
        name = _named(one.type)
        wanted[name] = wanted.get(name, 0) + cpus[one.type] * one.number
    running = _running(region)
    return [
        Quota(f"{name} ({_QUOTAS[name].code}, vCPUs)", _limit(region, _QUOTAS[name].code), running.get(name, 0), cores)
        for name, cores in wanted.items()
    ]


def _named(machine: str) -> str:
    letters = re.match(r"[a-z]*", machine.partition(".")[0].lower())
    family = letters[0] if letters else ""
    found = next((name for name, one in _QUOTAS.items() if family in one.families), None)
    if found is None:  # `im4gn`, `hpc7a`: what has a longer name is counted by its first letter
        found = next((name for name, one in _QUOTAS.items() if family[:1] in one.families), None)
    if found is None:
        raise CloudError(f"It is not known which quota `{machine}` is counted against")
    return found


def _limit(region: str, code: str) -> float:
    """The account's own, else what AWS gives everybody."""
    quotas = client("service-quotas", region)
    with asking():
        try:
            said = quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code)
        except quotas.exceptions.NoSuchResourceException:
            said = quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode=code)
    return float(said["Quota"]["Value"])


def _running(region: str) -> dict[str, float]:
    """Cores of what runs already, by quota."""
    ec2, cores = client("ec2", region), dict[str, float]()
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    with asking():
        for reservation in pages(ec2, "describe_instances", "Reservations", Filters=alive):
            for one in reservation["Instances"]:
                if one.get("InstanceLifecycle") == "spot":  # counted elsewhere
                    continue
                options = one.get("CpuOptions") or {}
                cores_of = options.get("CoreCount", 0) * options.get("ThreadsPerCore", 1)
                name = _named(one["InstanceType"])
                cores[name] = cores.get(name, 0) + cores_of
    return cores


def _cpus(region: str, machines: Sequence[Machines]) -> dict[str, int]:
    """Of each machine; those that the price table has none for are asked for."""
    known = {one.type: one.cpu for one in machines if one.cpu}
    unknown = sorted({one.type for one in machines} - known.keys())
    with asking():
        if unknown:
            for one in client("ec2", region).describe_instance_types(InstanceTypes=unknown)["InstanceTypes"]:
                known[one["InstanceType"]] = one["VCpuInfo"]["DefaultVCpus"]
    return known
