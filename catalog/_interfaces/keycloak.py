"""Probe: log in as the administrator."""

import json
import urllib.parse
import urllib.request

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def probe(fields: dict) -> str:
    """Log in and find the realm."""
    login = {"grant_type": "password", "client_id": "admin-cli", **{n: fields[n] for n in ("username", "password")}}
    url = f"{fields['url']}/realms/master/protocol/openid-connect/token"
    with _OPENER.open(url, urllib.parse.urlencode(login).encode(), timeout=10) as response:
        token = json.load(response)["access_token"]
    request = urllib.request.Request(
        f"{fields['url']}/admin/realms/{fields['realm']}", headers={"Authorization": f"Bearer {token}"}
    )
    with _OPENER.open(request, timeout=10) as response:
        return f"logged in to the realm `{json.load(response)['realm']}`"
