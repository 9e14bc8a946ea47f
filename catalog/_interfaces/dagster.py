"""Probe: count runs, which needs the web server's storage."""

from stackwright_job import http

_QUERY = "{ runsOrError { ... on Runs { count } } }"


def probe(fields: dict) -> str:
    """Count runs."""
    answer = http.call("POST", f"{fields['url']}/graphql", {"query": _QUERY})
    count = answer["data"]["runsOrError"].get("count") if isinstance(answer, dict) and answer.get("data") else None
    if not isinstance(count, int):
        raise RuntimeError("what answers is not a Dagster web server")
    return f"it knows {count} runs"
