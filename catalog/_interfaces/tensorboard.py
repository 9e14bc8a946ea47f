"""Probe: ask where the event files are. TensorBoard has no credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Read what is shown."""
    found = http.call("GET", f"{fields['url']}/data/environment")
    if not isinstance(found, dict) or "data_location" not in found:
        raise RuntimeError("what answers is not a TensorBoard")
    return f"TensorBoard {found['version']} shows {found['data_location']}"
