"""Probe: ask the scheduler for its workers."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """List the scheduler's workers."""
    answer = http.call("GET", f"{fields['url']}/api/worker_list")
    if not isinstance(answer, dict) or "response" not in answer:
        raise RuntimeError("what answers is not a Luigi scheduler")
    return f"the scheduler knows {len(answer['response'])} workers"
