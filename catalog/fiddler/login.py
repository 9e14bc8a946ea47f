"""Login: ask about the server."""

from stackwright_job import http


def probe(fields):
    """Ask about the server."""
    url = f"{fields['FIDDLER_URL'].rstrip('/')}/v3/server-info"
    found = http.call("GET", url, headers={"Authorization": f"Bearer {fields['FIDDLER_API_KEY']}"})
    return f"the server is {found['data']['server_version']}"
