"""Login: list projects."""

from stackwright_job import http


def probe(fields):
    """List projects."""
    url = f"{fields['UBIOPS_API_HOST'].rstrip('/')}/projects"
    found = http.call("GET", url, headers={"Authorization": fields["UBIOPS_API_TOKEN"]})
    return f"the token sees {len(found)} projects"
