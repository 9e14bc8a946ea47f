"""Probe: the alerts so far, with these credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and read the alerts."""
    alerts = http.call("GET", f"{fields['url']}/alerts", user=(fields["username"], fields["password"]), timeout=5)
    if not isinstance(alerts, list):
        raise RuntimeError("what answers does not receive alerts")
    return f"{len(alerts)} alerts received so far"
