"""Wire probes: each wire by its own credentials, all at once, a hanging one alone to blame."""

from __future__ import annotations

import shutil
import time

from stackwright.model.base import Secret
from stackwright.smoke import check_wires, probe

from .conftest import CATALOG, SECRET, secrets


def test_all_wires_are_probed_quickly(stack, workspace):
    """Twelve wires take one process and well under the time of twelve."""
    began = time.monotonic()
    checks = check_wires(stack(), workspace, secrets, CATALOG)
    assert [check.wire for check in checks if not check.passed] == []
    assert time.monotonic() - began < 5


def test_a_hanging_wire_is_named_alone(stack, workspace, monkeypatch):
    """A wire that does not answer is given up in time and named; the others are not blamed."""
    monkeypatch.setattr(probe, "_SECONDS", 3.0)
    plan = stack(("storage", "monitoring"))
    hanging = plan.wires[0].model_copy(update={"fields": plan.wires[0].fields | {"fault": "hangs"}})
    checks = check_wires(plan.model_copy(update={"wires": (hanging, plan.wires[1])}), workspace, secrets, CATALOG)
    assert {check.wire: check.passed for check in checks} == {"jobs.storage": False, "jobs.monitoring": True}
    assert "no answer within 3 s" in checks[0].detail


def test_a_wire_uses_its_own_credentials(stack, workspace):
    """A consumer's wire is probed with what the consumer was given, a job's with what jobs were given."""
    plan = stack(("experiment-tracking", "storage"))
    *jobs, wire = plan.wires
    assert wire.id == "experiment-tracking.artifact_store"
    own = wire.fields | {"root": "/elsewhere", "password": (Secret(secret="b"),)}
    plan = plan.model_copy(update={"wires": (*jobs, wire.model_copy(update={"fields": own}))})
    broken = [check for check in check_wires(plan, workspace, secrets, CATALOG) if not check.passed]
    assert [check.wire for check in broken] == ["experiment-tracking.artifact_store"]
    assert "/elsewhere" in broken[0].detail
    assert SECRET not in broken[0].detail


def test_an_interface_without_a_probe_does_not_pass(stack, workspace, tmp_path):
    """A wire that nobody can probe is not called working."""
    (tmp_path / "catalog" / "_interfaces").mkdir(parents=True)
    (check,) = check_wires(stack(("storage",)), workspace, secrets, tmp_path / "catalog")
    assert not check.passed
    assert "fake.py" in check.detail


def test_what_only_smoke_dials_is_probed_too(stack, workspace):
    """An endpoint that jobs have no client for has a wire of its own, so that it is named when it is broken."""
    plan = stack(("storage", "monitoring"))
    plan = plan.model_copy(update={"wires": tuple(wire for wire in plan.wires if wire.server == "storage")})
    checks = check_wires(plan, workspace, secrets, CATALOG)
    assert [(check.wire, check.server, check.passed) for check in checks] == [
        ("jobs.storage", "storage", True),
        ("smoke.monitoring_main", "monitoring", True),
    ]


def test_only_the_wires_of_some_consumers(stack, workspace):
    """Asked for one consumer, nobody else's wire is touched."""
    checks = check_wires(
        stack(("experiment-tracking", "storage")), workspace, secrets, CATALOG, {"experiment-tracking"}
    )
    assert [check.wire for check in checks] == ["experiment-tracking.artifact_store"]


def test_a_failure_says_what_was_tried(stack, workspace):
    """The check's words are a sentence: what could not be done, and how the client put it."""
    shutil.rmtree(workspace / "things")
    (check,) = check_wires(stack(("storage",)), workspace, secrets, CATALOG)
    assert check.detail.startswith("could not look into the folder: ConnectionError: nothing at ")
