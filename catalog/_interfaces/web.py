"""Probe: whether a page answers."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """That the page is there."""
    http.call("GET", fields["url"])
    return "the page answers"
