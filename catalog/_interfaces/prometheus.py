"""Probe: a query with these credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and ask a query."""
    user = (fields["username"], fields["password"])
    answer = http.call("GET", f"{fields['url']}/api/v1/query?query=vector(7)", user=user, timeout=5)
    value = answer["data"]["result"][0]["value"][1]
    if value != "7":
        raise RuntimeError(f"asked for 7, got {value}")
    return "a query was answered"
