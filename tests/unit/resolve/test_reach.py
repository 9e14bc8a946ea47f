"""Where two targets meet: one rule a pair, or a reason."""

import pytest

from stackwright.errors import Where
from stackwright.model.catalog import Install, Recipe, Tool
from stackwright.model.deployer import TARGETS, ProcessDeployer
from stackwright.resolve import wire_mistakes
from stackwright.resolve.draft import Draft
from stackwright.resolve.reach import TABLE, address, refusal


def test_processes_meet_on_loopback() -> None:
    """A process dials a process on this machine."""
    assert refusal("process", "process") == ""
    assert address("process", ProcessDeployer("/w"), 20001) == {"host": "127.0.0.1", "port": 20001}


def test_every_pair_of_targets_has_a_cell() -> None:
    """The table knows each pair of targets that exist, so that none is forgotten when one is added."""
    assert set(TABLE) == {(one, other) for one in TARGETS for other in TARGETS}


def test_anything_else_is_refused_with_a_reason() -> None:
    """A pair without a rule has a reason for people, and no address."""
    assert refusal("process", "cluster") == "nothing carries `process` to `cluster` in this release"
    with pytest.raises(ValueError, match="nothing carries"):
        address("cluster", ProcessDeployer("/w"), 20001)


def test_what_a_refusal_says() -> None:
    """The wire, both components and both targets are named, and what to type."""
    tool = Tool(id="t", about="x", home="x", license="x", kind="service", layers={})
    one, other = (
        Draft(name, tool, Recipe(install=Install()), target, "it does", Where("stack.yaml", 3))
        for name, target in (("serving", "process"), ("database", "cluster"))
    )
    mistake = wire_mistakes.unreachable(one, "store", other, refusal("process", "cluster"))
    assert (mistake.code, mistake.summary, mistake.detail, mistake.hint) == (
        "R014",
        "targets do not reach each other",
        "`serving` (t) cannot reach `database` (t) for its `store`: "
        "nothing carries `process` to `cluster` in this release.",
        "run both on one target\n    target: cluster",
    )
