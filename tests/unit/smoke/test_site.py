"""What smoke knows of a stack: which address each wire leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stackwright.model.plan import Component, Endpoint, JobsPlan, Plan, Wire
from stackwright.smoke.site import Site


class NoSecrets:
    """A stack without any."""

    def fill(self, text: Any) -> str:
        return str(text)

    def redact(self, message: str) -> str:
        return message


def _component(name: str, **more: Any) -> Component:
    return Component(
        id=name, tool=name, version="1", target="process", kind="service", because="test", environment="e", **more
    )


def test_a_need_with_many_servers_has_an_address_for_each() -> None:
    """Each wire of such a need leads to its own server, in whatever order the plan lists them."""
    ports = {"two": 20002, "one": 20001}
    offered = {name: Endpoint(interface="metrics", fields={"port": port}) for name, port in ports.items()}
    plan = Plan(
        name="s",
        id="s-000000",
        workspace="/w",
        components=(
            *(_component(name, endpoints={"metrics": endpoint}) for name, endpoint in offered.items()),
            _component("watch", needs={"targets": tuple(offered.values())}),
        ),
        wires=tuple(
            Wire(
                consumer="watch", need=f"targets.{name}", server=name, endpoint="metrics", interface="metrics",
                origin="stack",
            )
            for name in sorted(ports)
        ),
        environments=(),
        secrets=(),
        jobs=JobsPlan(environment="e", env={}),
    )  # fmt: skip
    site = Site(plan, Path("/w"), NoSecrets(), {}, Path("/c"))
    assert {wire.server: site.wire_fields(wire)["port"] for wire in plan.wires} == ports
