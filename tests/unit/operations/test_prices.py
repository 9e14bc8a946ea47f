"""Which machines a cluster is made of, and what an hour of them costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.model.cluster import Cluster, Extra, Gpu, Nodes, Pool
from stackwright.operations.prices import cost, extras_of, pools_of, table_of

TABLE = """\
source: the list
date: "2026-01-31"
control_plane: {here: 0.1}
extras: [{what: gate, per: cluster, price: {here: 0.05}}, {what: disk, per: machine, price: {there: 1}}]
usual: plain
machines:
  plain: {cpu: 4, memory: 16, price: {here: 0.2}}
  quick: {cpu: 8, memory: 32, gpu: {type: nvidia-l4, count: 2}, price: {here: 2.0}}
  cheap: {cpu: 4, memory: 15.25, gpu: {type: nvidia-l4}, price: {here: 0.7}}
  far: {cpu: 4, memory: 16, gpu: {type: nvidia-l4}, price: {there: 0.1}}
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "prices.yaml"
    file.write_text(TABLE)
    return file


def test_a_gpu_is_had_in_the_cheapest_machine_of_the_region(table: Path) -> None:
    """A machine that is cheaper somewhere else does not count."""
    cluster = Cluster(provider="gcp-gke", gpu=Gpu(type="nvidia-l4", max=4))
    nodes, gpu = pools_of(cluster, table_of("gcp-gke", table), "here")
    assert nodes == Pool("nodes", "plain", 1, 3, 4, 16, "", 0, 0.2)
    assert gpu == Pool("gpu", "cheap", 0, 4, 4, 15, "nvidia-l4", 1, 0.7)


def test_a_machine_may_be_named_by_its_cloud_s_own_word(table: Path) -> None:
    """Its GPUs are those of the table; one without GPUs is refused for the pool of those."""
    cluster = Cluster(provider="gcp-gke", gpu=Gpu(type="quick"))
    assert pools_of(cluster, table_of("gcp-gke", table), "here")[1].gpus == 2
    with pytest.raises(StackError, match="P243"):
        pools_of(Cluster(provider="gcp-gke", gpu=Gpu(type="plain")), table_of("gcp-gke", table), "here")


def test_a_gpu_that_nobody_has_is_refused_with_those_that_are(table: Path) -> None:
    """And the nearest word."""
    cluster = Cluster(provider="gcp-gke", gpu=Gpu(type="nvidia-l40"))
    with pytest.raises(StackError) as caught:
        pools_of(cluster, table_of("gcp-gke", table), "here")
    (only,) = caught.value.diagnostics
    assert "`nvidia-l4`" in only.detail and "did you mean `nvidia-l4`?" in only.hint


def test_a_machine_beyond_the_table_is_the_cloud_s_to_judge(table: Path) -> None:
    """It may well exist; what is not known is its price."""
    cluster = Cluster(provider="gcp-gke", nodes=Nodes(type="c9-new", min=2, max=2))
    (pool,) = pools_of(cluster, table_of("gcp-gke", table), "here")
    assert pool == Pool("nodes", "c9-new", 2, 2)
    assert cost(0.1, (), [(pool, 2)]) is None


def test_an_hour_costs_what_runs(table: Path) -> None:
    """Machines that do not run cost nothing, even where nobody knows what they would."""
    nodes, unknown = Pool("nodes", "plain", 1, 3, price=0.2), Pool("gpu", "cheap", 0, 2)
    extras = (*extras_of(table_of("gcp-gke", table), "here"), Extra("disk", "machine", 0.01))
    assert [extra.what for extra in extras] == ["gate", "disk"]
    assert cost(0.1, extras, [(nodes, 3), (unknown, 0)]) == pytest.approx(0.1 + 0.05 + 3 * (0.2 + 0.01))
    assert cost(0.1, extras, [(nodes, 3), (unknown, 1)]) is None
    assert cost(None, extras, [(nodes, 1)]) is None
