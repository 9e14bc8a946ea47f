"""Probe: register a client, whose request and answer are signed, and be told of the engines."""

import json


def probe(fields: dict) -> str:
    """Register a client and list the engines."""
    import ipyparallel

    client = ipyparallel.Client(json.loads(fields["connection"]), timeout=10)
    try:
        return f"the controller knows {len(client.ids)} engines"
    finally:
        client.close()
