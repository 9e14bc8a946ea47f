"""Login: log in."""

from stackwright_job import http


def probe(fields):
    """Log in."""
    user = (fields["CLEARML_API_ACCESS_KEY"], fields["CLEARML_API_SECRET_KEY"])
    found = http.call("POST", f"{fields['CLEARML_API_HOST'].rstrip('/')}/auth.login", {}, user=user)
    if not found["data"]["token"]:
        raise RuntimeError("the server gave no token")
    return "the keys were taken for a token"
