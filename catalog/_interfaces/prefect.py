"""Probe: count flow runs, which needs the user's password and the server's database."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and count flow runs."""
    user = (fields["username"], fields["password"])
    count = http.call("POST", f"{fields['url']}/flow_runs/count", {}, user=user)
    if not isinstance(count, int):
        raise RuntimeError("what answers is not a Prefect API")
    return f"`{fields['username']}` sees {count} flow runs"
