"""Probe: make and delete a project with this token."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Make and delete a project."""
    headers = {"Authorization": f"Token {fields['token']}"}
    made = http.call("POST", f"{fields['url']}/api/projects/", {"title": "stack-probe"}, headers=headers)
    if not isinstance(made, dict) or "id" not in made:
        raise RuntimeError("what answers is not a Label Studio")
    http.call("DELETE", f"{fields['url']}/api/projects/{made['id']}/", headers=headers)
    return "made and deleted a project"
