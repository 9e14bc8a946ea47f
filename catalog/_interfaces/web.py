"""Probe: whether a page answers."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Get the page."""
    http.call("GET", fields["url"])
    return "the page answers"
