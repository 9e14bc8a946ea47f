"""Probe: whether the page of metrics answers."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """How many lines of metrics there are."""
    page = str(http.call("GET", f"http://{fields['host']}:{fields['port']}{fields['path']}"))
    return f"{len(page.splitlines())} lines"
