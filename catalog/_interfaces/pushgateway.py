"""Probe: its own answer with these credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and ask for what was pushed."""
    user = (fields["username"], fields["password"])
    answer = http.call("GET", f"{fields['url']}/api/v1/metrics", user=user, timeout=5)
    if answer.get("status") != "success":
        raise RuntimeError(f"it says {answer.get('status')!r}")
    return f"{len(answer['data'])} groups were pushed"
