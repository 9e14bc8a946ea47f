"""Login: ask whose token it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose token it is."""
    url = f"{fields['VALOHAI_HOST'].rstrip('/')}/api/v0/users/me/"
    found = http.call("GET", url, headers={"Authorization": f"Token {fields['VALOHAI_TOKEN']}"})
    return f"the token is `{found['username']}`'s"
