"""Apprise's verbs: its library sends, and the receiver says what arrived."""

import json
import urllib.parse
import uuid

import apprise

from stackwright_job import http


def fire(ctx, name, labels):
    """Send a notification whose title is the alert's name and whose message are the labels."""
    fields, alert_id = ctx.endpoints["received"], uuid.uuid4().hex
    login = f"{fields['username']}:{urllib.parse.quote(fields['password'])}"
    # What begins with a colon is added to what is posted.
    added = urllib.parse.urlencode({":id": alert_id})
    sender = apprise.Apprise()
    sender.add(f"json://{login}@{fields['host']}:{fields['port']}/?{added}")
    if not sender.notify(title=name, body=json.dumps(labels), notify_type=apprise.NotifyType.FAILURE):
        raise RuntimeError("Apprise could not deliver the notification")
    return {"alert_id": alert_id}


def received(ctx, name):
    """The alerts of that name that arrived."""
    fields = ctx.endpoints["received"]
    alerts = http.call("GET", f"{fields['url']}/alerts", user=(fields["username"], fields["password"]))
    return {"alerts": [alert for alert in alerts if alert["name"] == name]}
