"""Alerta's verbs over its REST API."""

import urllib.parse

from stackwright_job import http


def fire(ctx, name, labels):
    """Send an alert; its labels are the attributes."""
    alert = {"event": name, "resource": "stack", "environment": "Production", "service": ["stack"]}
    alert |= {"severity": "critical", "attributes": labels}
    return {"alert_id": _call(ctx, "POST", "/alert", alert)["id"]}


def received(ctx, name):
    """The open alerts of that name, as the people on duty see them."""
    query = urllib.parse.urlencode({"event": name, "status": "open"})
    found = _call(ctx, "GET", f"/alerts?{query}")["alerts"]
    return {"alerts": [{"name": alert["event"], "labels": alert["attributes"]} for alert in found]}


def _call(ctx, method, path, body=None):
    fields = ctx.endpoints["api"]
    return http.call(method, fields["url"] + path, body, headers={"Authorization": f"Key {fields['key']}"}, timeout=30)
