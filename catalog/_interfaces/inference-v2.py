"""Probe: whether the model server is ready. The protocol has no credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Find the model server ready."""
    http.call("GET", f"{fields['url']}/v2/health/ready")
    about = http.call("GET", f"{fields['url']}/v2")
    if not isinstance(about, dict) or "name" not in about:
        raise RuntimeError("what answers does not speak the Open Inference Protocol")
    return f"{about['name']} {about.get('version', '')} is ready".replace("  ", " ")
