"""Probe: ask the feature server for a feature that nobody has, and be told so."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Ask the feature server for a feature."""
    asked = {"features": ["stack_probe:nothing"], "entities": {"probe": ["x"]}}
    try:
        http.call("POST", f"{fields['url']}/get-online-features", asked)
    except http.HttpError as error:
        # Only a feature server that has read its registry knows this.
        if "stack_probe" in str(error):
            return "answered that there is no such feature"
        raise
    raise RuntimeError("what answers is not a Feast feature server")
