"""Probe: make and delete a project, which needs the secret that every write needs."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """That we may write."""
    headers = {"evidently-secret": fields["secret"]}
    made = http.call("POST", f"{fields['url']}/api/projects", {"name": "stack-probe"}, headers=headers)
    http.call("DELETE", f"{fields['url']}/api/projects/{made}", headers=headers)
    return "made and deleted a project"
