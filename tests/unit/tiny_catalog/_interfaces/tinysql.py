"""Probe: log in with these credentials and ask who we are."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and ask which database is ours."""
    user = (fields["username"], fields["password"])
    found = http.call("GET", f"http://{fields['host']}:{fields['port']}/whoami", user=user)
    if found["database"] != fields["database"]:
        raise RuntimeError(f"`{found['user']}` has the database `{found['database']}`")
    return f"`{found['user']}` may use `{found['database']}`"
