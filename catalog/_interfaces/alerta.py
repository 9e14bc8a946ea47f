"""Probe: count alerts, which needs the key and the server's database."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and count alerts."""
    headers = {"Authorization": f"Key {fields['key']}"}
    return f"it has {http.call('GET', fields['url'] + '/alerts/count', headers=headers)['total']} alerts"
