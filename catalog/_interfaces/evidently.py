"""Probe: make and delete a project, which needs the secret that every write needs."""

import uuid

from stackwright_job import http


def probe(fields: dict) -> str:
    """Make and delete a project."""
    headers = {"evidently-secret": fields["secret"]}
    made = http.call("POST", f"{fields['url']}/api/projects", {"name": "stack-probe"}, headers=headers)
    try:
        uuid.UUID(str(made))
    except ValueError:
        raise RuntimeError("what answers is not an Evidently service") from None
    http.call("DELETE", f"{fields['url']}/api/projects/{made}", headers=headers)
    return "made and deleted a project"
