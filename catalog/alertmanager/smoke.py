"""Alertmanager's verbs: its API, and the receiver that its webhook tells."""

from stackwright_job import http


def fire(ctx, name, labels):
    """Raise an alert as Prometheus would."""
    _call(ctx, "api", "POST", "/api/v2/alerts", [{"labels": {"alertname": name, **labels}}])
    (alert,) = _call(ctx, "api", "GET", f"/api/v2/alerts?filter=alertname%3D{name}")
    return {"alert_id": alert["fingerprint"]}


def received(ctx, name):
    """The alerts of that name that reached the receiver."""
    alerts = [alert["labels"] for alert in _call(ctx, "received", "GET", "/alerts")]
    return {"alerts": [{"name": name, "labels": labels} for labels in alerts if labels.get("alertname") == name]}


def _call(ctx, endpoint, method, path, body=None):
    fields = ctx.endpoints[endpoint]
    return http.call(method, fields["url"] + path, body, user=(fields["username"], fields["password"]))
