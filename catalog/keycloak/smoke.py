"""Keycloak's verb: what its authorization services decide, asked of the admin API for any user."""

import json
import urllib.parse
import urllib.request

from stackwright_job import http

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_CLIENT = "stack"  # of realm.json: whose resources and permissions they are


def check(ctx, subject, action, object):
    """Whether this user's roles permit the action on the kind of thing that the object is."""
    admin = _Admin(ctx.endpoints["api"])
    users = admin.get("/users", username=subject, exact="true")
    if not users:
        return {"allowed": False}  # nobody knows them
    client = admin.get("/clients", clientId=_CLIENT)[0]["id"]
    resource = {"name": object.partition("/")[0], "scopes": [{"name": action}]}
    question = {"userId": users[0]["id"], "resources": [resource], "context": {"attributes": {}}, "entitlements": False}
    answer = admin.post(f"/clients/{client}/authz/resource-server/policy/evaluate", question)
    return {"allowed": answer["status"] == "PERMIT"}


class _Admin:
    """The admin API of the realm, logged in."""

    def __init__(self, fields):
        self._url = f"{fields['url']}/admin/realms/{fields['realm']}"
        login = {
            "grant_type": "password", "client_id": "admin-cli",
            "username": fields["username"], "password": fields["password"],
        }  # fmt: skip
        url = f"{fields['url']}/realms/master/protocol/openid-connect/token"
        with _OPENER.open(url, urllib.parse.urlencode(login).encode(), timeout=30) as response:
            self._headers = {"Authorization": f"Bearer {json.load(response)['access_token']}"}

    def get(self, path, **query):
        return http.call("GET", f"{self._url}{path}?{urllib.parse.urlencode(query)}", headers=self._headers, timeout=30)

    def post(self, path, body):
        return http.call("POST", f"{self._url}{path}", body, headers=self._headers, timeout=30)
