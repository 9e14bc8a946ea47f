"""A cluster that comes with the stack: what is asked before it is made, making it first, taking it away last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean
from stackwright.model.cluster import LOCAL, Answer, Cluster, ClusterPlan, Pool
from stackwright.model.report import Verdict
from stackwright.operations.prices import cost, extras_of, pools_of, table_of
from stackwright.places import cloud as asking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.model.prices import PriceTable
    from stackwright.places.cloud import Account, Cloud, Keeper, Machines

_LOGIN = "log in to it, then repeat the command"


class Look(NamedTuple):
    """What is known of a cluster before it is made, for people and for whoever renders it."""

    plan: ClusterPlan
    zones: tuple[str, ...]  # that have the machines with GPUs


def look(cluster: Cluster, stack: str, prices: Path | None = None, account: str = "", *, changed: bool = True) -> Look:
    """The machines, what they cost, and what the cloud says to them; StackError has every mistake at once.

    With an `account` the cluster is there, and counts in the account's quotas itself: those are not asked for then, and
    of machines only where something `changed`.
    """
    if cluster.provider in LOCAL:
        return Look(_local(cluster, stack), ())
    table, region = table_of(cluster.provider, prices), cluster.region or ""
    if account and not changed:
        return Look(_priced(cluster, stack, table, region, account), ())
    cloud = cloud_of(cluster.provider)
    payer = _account(cloud, cluster)
    region = region or payer.region
    _check_region(cloud, cluster, region)
    zones, told = _check_machines(cloud, cluster, region, pools_of(cluster, table, region), counted=bool(account))
    answers = (Answer("credentials", f"{payer.id} ({payer.who})"), Answer("region", region), *told)
    return Look(_priced(cluster, stack, table, region, payer.id)._replace(answers=answers), zones)


def cloud_of(provider: str) -> Cloud:
    """Who answers for a cloud; its libraries are loaded when it is asked."""
    if provider == "aws-eks":
        from stackwright.places.aws import Aws

        return Aws()
    if provider == "gcp-gke":
        from stackwright.places.gcp import Gcp

        return Gcp()
    from stackwright.places.azure import Azure

    return Azure()


def keeper_of(provider: str) -> Keeper:
    """Who knows what is left of a cluster."""
    if provider in LOCAL:
        from stackwright.places.local import Local

        return Local(provider)
    return cloud_of(provider)


def verdict(provider: str) -> Verdict:
    """Whether the module was ever really applied, by what that run wrote beside it."""
    file = folders.shipped() / "modules" / f"cluster-{provider}" / "proof.json"
    return Verdict("proven", str(json.loads(file.read_text())["date"])) if file.is_file() else Verdict("never run")


def _priced(cluster: Cluster, stack: str, table: PriceTable, region: str, account: str) -> ClusterPlan:
    """The plan as far as the table tells it."""
    pools, plane, extras = pools_of(cluster, table, region), table.control_plane.get(region), extras_of(table, region)
    hour = (
        cost(plane, extras, [(pool, pool.min) for pool in pools]),
        cost(plane, extras, [(pool, pool.max) for pool in pools]),
    )
    dated, run = (table.currency, table.source, table.date), verdict(cluster.provider)
    return ClusterPlan(cluster.provider, stack, region, account, pools, plane, extras, hour, *dated, (), run)


def _local(cluster: Cluster, stack: str) -> ClusterPlan:
    """Nothing to pay, but a program and an engine to have."""
    from stackwright.places import local

    said = local.require(cluster.provider)
    pool = Pool("nodes", "container", 1, 1, price=0.0)
    name, answers = local.PROGRAMS[cluster.provider].cluster(stack), (Answer("program", said),)
    run = verdict(cluster.provider)
    return ClusterPlan(cluster.provider, name, "", "", (pool,), 0.0, (), (0.0, 0.0), "USD", "", "", answers, run)


def _account(cloud: Cloud, cluster: Cluster) -> Account:
    try:
        return cloud.account()
    except asking.CloudError as error:
        raise StackError(mistake(cluster, error)) from None


def _check_region(cloud: Cloud, cluster: Cluster, region: str) -> None:
    """StackError for a region that is not said, or that there is none of."""
    where = cluster.places.get("region") or cluster.where
    try:
        known = cloud.regions()
    except asking.CloudError as error:
        raise StackError(mistake(cluster, error)) from None
    if region in known:
        return
    if not region:
        detail = f"`cluster` does not say in which region of `{cluster.provider}` it is to be."
        hint = f"write, in `cluster:`\n    region: {known[0]}"
    else:
        detail = f"`{cluster.provider}` has no region `{region}` for this account."
        hint = did_you_mean(region, known, f"it has {', '.join(known[:12])} …")
    raise StackError(Diagnostic("P247", "region is not one of the cloud's", detail, where, hint), Exit.USAGE)


def _check_machines(
    cloud: Cloud, cluster: Cluster, region: str, pools: Sequence[Pool], *, counted: bool
) -> tuple[tuple[str, ...], tuple[Answer, ...]]:
    """The zones of the machines with GPUs, and what was said; StackError with all that cannot be had."""
    from stackwright.places.cloud import Machines

    machines = [Machines(one.machine, one.max, one.cpu, one.gpu, one.gpus) for one in pools]
    try:
        offers = cloud.offers(region, machines)
        quotas = [] if counted else cloud.quotas(region, machines)
    except asking.CloudError as error:
        raise StackError(mistake(cluster, error)) from None
    found = [
        _not_offered(cluster, pool, offers[pool.machine].why_not) for pool in pools if offers[pool.machine].why_not
    ]
    found += [_no_quota(cluster, region, quota) for quota in quotas if not quota.enough]
    if found:
        raise StackError(found)
    zones = next((offers[pool.machine].zones for pool in pools if pool.name == "gpu"), ())
    told = [Answer("machine", _offered(machine, offers[machine.type].zones)) for machine in machines]
    told += [
        Answer("quota", f"{q.name}: {q.wanted:g} wanted, {q.limit - q.used:g} of {q.limit:g} free") for q in quotas
    ]
    return tuple(zone for zone in zones if zone), tuple(told)


def _offered(machine: Machines, zones: Sequence[str]) -> str:
    return f"{machine.type} in {', '.join(zones)}" if any(zones) else machine.type


def mistake(cluster: Cluster, error: asking.CloudError, then: str = "Nothing was made") -> Diagnostic:
    """Why a cloud gave no answer."""
    at, detail = cluster.places.get("provider") or cluster.where, f"{error.detail.rstrip('.')}. {then}."
    if isinstance(error, asking.NoCredentialsError):
        return Diagnostic("P246", f"no credentials for {cluster.provider}", detail, at, error.hint or _LOGIN)
    if isinstance(error, asking.NoProgramError):
        return Diagnostic("P251", "program that speaks to the cloud is missing", detail, at, error.hint)
    return Diagnostic("P250", "cloud gives no answer", detail, at, error.hint or "repeat the command later")


def _not_offered(cluster: Cluster, pool: Pool, why: str) -> Diagnostic:
    detail = f"`{pool.name}` is to have `{pool.machine}`, and {why}. Nothing was made."
    at = cluster.places.get(f"{pool.name}.type") or cluster.places.get("region") or cluster.where
    hint = f"name another machine, or another region\n    {pool.name}: {{type: …}}"
    return Diagnostic("P248", "machine is not offered there", detail, at, hint)


def _no_quota(cluster: Cluster, region: str, quota: asking.Quota) -> Diagnostic:
    left = quota.limit - quota.used
    detail = (
        f"`{quota.name}` in `{region}`: {quota.wanted:g} wanted at the most, and {left:g} of {quota.limit:g} are free. "
        "Nothing was made."
    )
    hint = "ask the cloud for more of it, or want less\n    max: …"
    return Diagnostic("P249", "quota is too small", detail, cluster.places.get("gpu") or cluster.where, hint)
