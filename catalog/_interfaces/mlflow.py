"""Probe: ask for experiments, which needs the user's password and the server's database."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and search experiments."""
    url = f"{fields['url']}/api/2.0/mlflow/experiments/search"
    found = http.call("POST", url, {"max_results": 1}, user=(fields["username"], fields["password"]))
    if not isinstance(found, dict):
        raise RuntimeError("what answers is not an MLflow server")
    return f"`{fields['username']}` may search experiments"
