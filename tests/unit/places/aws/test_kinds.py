"""Whose a thing is, and what is asked before machines are made; nothing here speaks to AWS."""

from __future__ import annotations

from typing import Any

import pytest

from stackwright.places.aws.kinds import KINDS
from stackwright.places.aws.kinds.kind import ours
from stackwright.places.aws.quotas import _named
from stackwright.places.cloud import CloudError

STACK = "churn-1f2e3d"


@pytest.mark.parametrize(
    "tags",
    [
        {"stackwright.stack": STACK},
        [{"Key": "Name", "Value": "x"}, {"Key": "stackwright.stack", "Value": STACK}],
        [{"key": "stackwright.stack", "value": STACK}],
        [{"TagKey": "stackwright.stack", "TagValue": STACK}],
        {f"kubernetes.io/cluster/{STACK}": "owned"},
        {"aws:eks:cluster-name": STACK},
    ],
)
def test_ours(tags: Any) -> None:
    """Our tag in each of AWS's spellings, and those that EKS gives what it makes for our cluster."""
    assert ours(STACK, tags)


@pytest.mark.parametrize(
    "tags",
    [
        None,
        {},
        {"stackwright.stack": f"{STACK}-2"},
        {"stack": STACK},
        {f"kubernetes.io/cluster/{STACK}": "shared"},
        {"kubernetes.io/cluster/other": "owned"},
        {"Name": STACK},
    ],
)
def test_not_ours(tags: Any) -> None:
    """What has no such tag, another stack's, or only lies in a network that it shares with ours."""
    assert not ours(STACK, tags)


@pytest.mark.parametrize(
    ("machine", "letters"),
    [
        ("g6.xlarge", "G and VT"),
        ("p5.48xlarge", "P"),
        ("m7i.large", "Standard"),
        ("trn1.2xlarge", "Trn"),
        ("inf2.xlarge", "Inf"),
    ],
)
def test_quota_of_a_machine(machine: str, letters: str) -> None:
    """GPU families are counted apart from ordinary machines, by AWS's own names."""
    assert _named(machine) == f"Running On-Demand {letters} instances"


def test_quota_of_a_machine_that_nobody_knows() -> None:
    """It is not guessed: a quota that is not looked at would be no check."""
    with pytest.raises(CloudError, match=r"q9\.large"):
        _named("q9.large")


def test_kinds_are_told_apart() -> None:
    """A thing is removed by the name of its kind, so that no two may share one."""
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names)) > 30


def test_what_is_needed_goes_last() -> None:
    """A network goes after all that lies in it, a role after what works with it."""
    at = {kind.name: place for place, kind in enumerate(KINDS)}
    assert at["node group"] < at["cluster"] < at["network interface"] < at["subnet"] < at["vpc"]
    assert at["natgateway"] < at["elastic ip"] and at["instance"] < at["volume"] and at["cluster"] < at["role"]
