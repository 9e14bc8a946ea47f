"""`stack up` with one wire of its plan broken on the way from the resolver to everything that comes after it.

    python tests/tampered.py WIRE port NUMBER -- up --json          what the wire's consumer is told
    python tests/tampered.py WIRE secret KEY -- up --json           which secret it is given

What a mistake in the resolver or in an entry would do: the plan, the component's specs, Terraform and the processes are
all built from the wrong value, and nothing but this wire is touched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackwright import app
from stackwright.model.plan import Plan, Wire
from stackwright.operations import up
from stackwright.runtime.secrets import Secrets
from stackwright.smoke.site import Site

Change = Callable[[Any], Any]


def broken(plan: Plan, wire_id: str, change: Callable[[dict[str, Any]], Change]) -> Plan:
    """The plan in which this wire's consumer sees its server wrongly; `change` is made from the wire's right fields."""
    document = plan.model_dump(mode="json")
    components = {component["id"]: component for component in document["components"]}
    wire = next(wire for wire in site_of(plan).wires if wire.id == wire_id)
    wrong = change(fields_of(wire))
    for written in document["wires"]:
        if (written["consumer"], written["need"]) == (wire.consumer, wire.need):
            written["fields"] = wrong(written["fields"])
    if wire.consumer in components:
        consumer = components[wire.consumer]
        consumer |= {part: wrong(consumer[part]) for part in ("env", "files", "spec")}
    else:
        endpoints = components[wire.server]["endpoints"]
        endpoints[wire.endpoint] = wrong(endpoints[wire.endpoint])
        document["jobs"]["env"] = wrong(document["jobs"]["env"])
    return Plan.model_validate(document)


def site_of(plan: Plan) -> Site:
    """The plan as smoke sees it, without secrets."""
    return Site(plan, Path(plan.workspace), Secrets("nowhere"), {}, ())


def fields_of(wire: Wire) -> dict[str, Any]:
    """What the wire's consumer was given."""
    fields: dict[str, Any] = wire.model_dump(mode="json")["fields"]
    return fields


def port(number: int, fields: dict[str, Any]) -> Change:
    """Another port wherever the right one is named."""
    right = re.compile(rf"\b{fields['port']}\b")

    def wrong(value: Any) -> Any:
        if isinstance(value, str):
            return right.sub(str(number), value)
        return number if value == fields["port"] and not isinstance(value, bool) else within(wrong, value)

    return wrong


def secret(key: str, fields: dict[str, Any]) -> Change:
    """Another of the stack's secrets wherever the right one stands."""
    right = {
        part["secret"] for text in fields.values() if isinstance(text, list) for part in text if isinstance(part, dict)
    }
    assert right, "this wire has no secret"

    def wrong(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"secret"} and value["secret"] in right:
            return {"secret": key}
        return within(wrong, value)

    return wrong


def within(change: Change, value: Any) -> Any:
    """The change made to everything inside a value."""
    if isinstance(value, dict):
        return {key: change(part) for key, part in value.items()}
    if isinstance(value, list):
        return [change(part) for part in value]
    return value


def main(wire: str, what: str, value: str, *words: str) -> int:
    """Break the wire, then run the command line."""
    right = up.settle

    def settle(manifest: Any, workspace: Any, chosen: Plan) -> Plan:
        def change(fields: dict[str, Any]) -> Change:
            return port(int(value), fields) if what == "port" else secret(value, fields)

        return right(manifest, workspace, broken(chosen, wire, change))

    up.settle = settle
    return app.main(words)


if __name__ == "__main__":
    sys.exit(main(*(word for word in sys.argv[1:] if word != "--")))
