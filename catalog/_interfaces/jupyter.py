"""Probe: ask for the kernels that could be started, which needs the token."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """List the kinds of kernels."""
    headers = {"Authorization": f"token {fields['token']}"}
    found = http.call("GET", f"{fields['url']}/api/kernelspecs", headers=headers)
    return f"it starts {', '.join(sorted(found['kernelspecs']))}"
