"""Probe: its own state, with these credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and ask how it is."""
    user = (fields["username"], fields["password"])
    status = http.call("GET", f"{fields['url']}/api/v2/status", user=user, timeout=5)
    return f"version {status['versionInfo']['version'] or 'unknown'} answered"
