"""Login: ask who the token is."""

from stackwright_job import http


def probe(fields):
    """Ask who the token is."""
    url = f"{fields['DATABRICKS_HOST'].rstrip('/')}/api/2.0/preview/scim/v2/Me"
    found = http.call("GET", url, headers={"Authorization": f"Bearer {fields['DATABRICKS_TOKEN']}"})
    return f"the token is `{found['userName']}`'s"
