"""Probe: ask for the server's health, which it has only with its database."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Ask for the server's health."""
    return f"health is `{http.call('GET', fields['url'] + '/health')['status']}`"
