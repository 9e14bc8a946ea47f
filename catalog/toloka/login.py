"""Login: ask which requester it is."""

from stackwright_job import http


def probe(fields):
    """Ask which requester it is."""
    url = f"{fields['TOLOKA_API_URL'].rstrip('/')}/api/v1/requester"
    found = http.call("GET", url, headers={"Authorization": f"OAuth {fields['TOLOKA_API_TOKEN']}"})
    return f"the token is requester `{found['id']}`'s"
