"""Probe: ask both servers, the one that writes and the one that reads. They have no credentials."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Find both servers on one repository."""
    status = http.call("GET", f"http://{fields['host']}:{fields['port']}/status/")
    if not isinstance(status, dict) or status.get("status") != "OK":
        raise RuntimeError(f"the tracking server answered {status!r}")
    project = http.call("GET", f"{fields['page']}/api/projects/")
    if not isinstance(project, dict) or "name" not in project:
        raise RuntimeError("what answers is not Aim's server of pages")
    return "the tracking server and the one that reads answer"
