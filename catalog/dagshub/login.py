"""Login: ask whose token it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose token it is."""
    url = f"{fields['DAGSHUB_CLIENT_HOST'].rstrip('/')}/api/v1/user"
    found = http.call("GET", url, headers={"Authorization": f"Bearer {fields['DAGSHUB_USER_TOKEN']}"})
    return f"the token is `{found['username']}`'s"
