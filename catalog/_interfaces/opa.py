"""Probe: a question with this token."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Ask for the policies."""
    headers = {"Authorization": f"Bearer {fields['token']}"}
    policies = http.call("GET", f"{fields['url']}/v1/policies", headers=headers, timeout=5)["result"]
    return f"{len(policies)} policies answer"
