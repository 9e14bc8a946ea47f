"""Probe: read the service's schema, which takes the token."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Read what the service offers."""
    headers = {"Authorization": f"Bearer {fields['token']}"}
    found = http.call("GET", f"{fields['url']}/schema.json", headers=headers)
    if not isinstance(found, dict) or "routes" not in found:
        raise RuntimeError("what answers is not a BentoML service")
    return f"`{found['name']}` offers {len(found['routes'])} calls"
