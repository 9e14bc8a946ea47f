"""Probe: log in with these credentials and ask who that is."""

from stackwright_job import http


def probe(fields: dict) -> str:
    """Log in and ask who that is."""
    login = {"username": fields["username"], "password": fields["password"]}
    token = http.call("POST", f"{fields['url']}/v1/auth/login/", login)
    if not isinstance(token, dict) or "key" not in token:
        raise RuntimeError("what answers is not a doccano")
    me = http.call("GET", f"{fields['url']}/v1/me", headers={"Authorization": f"Token {token['key']}"})
    return f"logged in as `{me['username']}`"
