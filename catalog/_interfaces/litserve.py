"""Probe: ask for what is served, which takes the key."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """List the models."""
    found = http.call("GET", f"{fields['url']}/models", headers={"X-API-Key": fields["key"]})
    if not isinstance(found, dict) or "models" not in found:
        raise RuntimeError("what answers is not our LitServe server")
    return f"{len(found['models'])} models are served"
