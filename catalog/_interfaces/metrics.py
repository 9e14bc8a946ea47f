"""Probe: whether the page of metrics answers."""

import re

from stackwright_job import http

_SAMPLE = re.compile(r"[a-zA-Z_:][\w:]*(\{.*\})? [-+.\deEInfNa]+( -?\d+)?")


def probe(fields: dict) -> str:
    """Read the page of metrics."""
    page = str(http.call("GET", f"http://{fields['host']}:{fields['port']}{fields['path']}"))
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    if not lines or not all(_SAMPLE.fullmatch(line) for line in lines):
        raise RuntimeError("what answers is not a page of metrics")
    return f"{len(lines)} samples"
