"""Login: list workspaces."""

from stackwright_job import http


def probe(fields):
    """List workspaces."""
    found = http.call(
        "GET", "https://www.comet.com/api/rest/v2/workspaces", headers={"Authorization": fields["COMET_API_KEY"]}
    )
    return f"the key sees {len(found['workspaceNames'])} workspaces"
