"""Which machines a cluster is made of, and what they cost for an hour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean, listed
from stackwright.misfits import Codes, misfits
from stackwright.model.cluster import Cluster, Extra, Gpu, Nodes, Pool
from stackwright.model.prices import PriceTable
from stackwright.yamlfile import read_yaml

_CODES = Codes(
    unknown=("P240", "key of a price table is unknown"),
    missing=("P241", "key of a price table is missing"),
    wrong=("P242", "value of a price table does not fit"),
)


def table_of(provider: str, file: Path | None = None) -> PriceTable:
    """The table that ships with Stackwright, or the user's own in its stead."""
    from pydantic import ValidationError

    document = read_yaml(file or folders.shipped() / "modules" / "prices" / f"{provider}.yaml")
    try:
        return PriceTable.model_validate(document.data)
    except ValidationError as error:
        found = misfits(error.errors(include_url=False), document, PriceTable, _CODES)
        raise StackError(found, Exit.USAGE) from None


def pools_of(cluster: Cluster, prices: PriceTable, region: str) -> tuple[Pool, ...]:
    """The machines; StackError where the GPU that is asked for is in none of them."""
    nodes, gpu = cluster.nodes, cluster.gpu
    pools = [_pool("nodes", nodes.type or prices.usual, nodes, prices, region)]
    if gpu:
        machine = prices.cheapest(gpu.type, region) or gpu.type
        pool = _pool("gpu", machine, gpu, prices, region)
        if not pool.gpu:
            raise StackError(_no_such_gpu(cluster, prices), Exit.USAGE)
        pools.append(pool)
    return tuple(pools)


def extras_of(prices: PriceTable, region: str) -> tuple[Extra, ...]:
    """What is paid beside the machines, as far as its price is known there."""
    return tuple(Extra(one.what, one.per, one.price[region]) for one in prices.extras if region in one.price)


def cost(control_plane: float | None, extras: Sequence[Extra], running: Sequence[tuple[Pool, int]]) -> float | None:
    """What an hour costs with so many machines running; None where one of the prices is not known."""
    if control_plane is None or any(pool.price is None and number for pool, number in running):
        return None
    machines = sum(number for _, number in running)
    beside = sum(extra.price * (machines if extra.per == "machine" else 1) for extra in extras)
    return control_plane + beside + sum((pool.price or 0.0) * number for pool, number in running)


def _pool(name: Literal["nodes", "gpu"], machine: str, asked: Nodes | Gpu, prices: PriceTable, region: str) -> Pool:
    known = prices.machines.get(machine)
    if known is None:  # the cloud may have it all the same; its price is not known, and that is said
        return Pool(name, machine, asked.min, asked.max)
    gpu, gpus = (known.gpu.type, known.gpu.count) if known.gpu else ("", 0)
    memory, price = round(known.memory), known.price.get(region)
    return Pool(name, machine, asked.min, asked.max, known.cpu, memory, gpu, gpus, price)


def _no_such_gpu(cluster: Cluster, prices: PriceTable) -> Diagnostic:
    wanted = cluster.gpu.type if cluster.gpu else ""
    detail = (
        f"No machine with `{wanted}` is in the price table of `{cluster.provider}`; it has {listed(prices.gpus())}."
    )
    own = "or name it in a table of your own\n    stack plan --prices FILE"
    near = did_you_mean(wanted, [*prices.gpus(), *prices.machines])
    return Diagnostic("P243", "GPU is not known", detail, cluster.places.get("gpu.type"), f"{near} {own}".strip())
