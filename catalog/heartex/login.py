"""Login: ask whose key it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose key it is."""
    url = f"{fields['LABEL_STUDIO_URL'].rstrip('/')}/api/current-user/whoami"
    found = http.call("GET", url, headers={"Authorization": f"Token {fields['LABEL_STUDIO_API_KEY']}"})
    return f"the key is `{found['email']}`'s"
