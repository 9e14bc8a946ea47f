"""Probe: make and delete a collection."""

import uuid

from stackwright_job import http

_COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


def probe(fields: dict) -> str:
    """Make and delete a collection."""
    # A name of its own: wires are probed side by side.
    made = http.call("POST", f"{fields['url']}{_COLLECTIONS}", {"name": f"stack-probe-{uuid.uuid4().hex}"})
    if not isinstance(made, dict) or "id" not in made:
        raise RuntimeError("what answers is not a Chroma")
    http.call("DELETE", f"{fields['url']}{_COLLECTIONS}/{made['name']}")
    return "made and deleted a collection"
