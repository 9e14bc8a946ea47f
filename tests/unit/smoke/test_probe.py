"""Wire probes: each wire by its own credentials, all at once, a hanging one alone to blame."""

from __future__ import annotations

import time

from stackwright.model.base import Secret
from stackwright.smoke import check_wires, probe
from stackwright.smoke.site import Site

from .conftest import CATALOG, SECRET, fill


def test_all_wires_are_probed_quickly(stack, workspace):
    """Twelve wires take one process and well under the time of twelve."""
    began = time.monotonic()
    checks = check_wires(stack(), workspace, fill, CATALOG)
    assert [check.wire for check in checks if not check.passed] == []
    assert time.monotonic() - began < 5


def test_a_hanging_wire_is_named_alone(stack, workspace, monkeypatch):
    """A wire that does not answer is given up in time and named; the others are not blamed."""
    monkeypatch.setattr(probe, "_SECONDS", 3.0)
    plan = stack(("storage", "monitoring"))
    endpoint = plan.components[0].endpoints["main"]
    hanging = endpoint.model_copy(update={"fields": endpoint.fields | {"fault": "hangs"}})
    components = (plan.components[0].model_copy(update={"endpoints": {"main": hanging}}), plan.components[1])
    checks = check_wires(plan.model_copy(update={"components": components}), workspace, fill, CATALOG)
    assert {check.wire: check.passed for check in checks} == {"jobs.storage": False, "jobs.monitoring": True}
    assert "no answer within 3 s" in checks[0].detail


def test_a_wire_uses_its_own_credentials(stack, workspace):
    """A consumer's wire is probed with what the consumer was given, a job's with what jobs were given."""
    plan = stack(("experiment-tracking", "storage"))
    own = plan.components[0].needs["artifact_store"][0]
    own = own.model_copy(update={"fields": own.fields | {"root": "/elsewhere", "password": (Secret(secret="b"),)}})
    tracking = plan.components[0].model_copy(update={"needs": {"artifact_store": (own,)}})
    plan = plan.model_copy(update={"components": (tracking, plan.components[1])})
    site = Site(plan, workspace, fill, {}, CATALOG)
    roots = {wire.id: site.wire_fields(wire)["root"] for wire in plan.wires}
    assert roots["experiment-tracking.artifact_store"] == "/elsewhere"
    assert roots["jobs.storage"] == str(workspace / "things")
    broken = [check for check in check_wires(plan, workspace, fill, CATALOG) if not check.passed]
    assert [check.wire for check in broken] == ["experiment-tracking.artifact_store"]
    assert SECRET not in broken[0].detail


def test_an_interface_without_a_probe_does_not_pass(stack, workspace, tmp_path):
    """A wire that nobody can probe is not called working."""
    (tmp_path / "catalog" / "_interfaces").mkdir(parents=True)
    (check,) = check_wires(stack(("storage",)), workspace, fill, tmp_path / "catalog")
    assert not check.passed
    assert "fake.py" in check.detail
