"""Prometheus' verbs: its query API, its Pushgateway, and the receiver of its alerts."""

import base64
import time
import urllib.parse
import urllib.request

from stackwright_job import http

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def scrape(ctx):
    """The newest sample of every series, summed by name; every target has been asked once before."""
    # It finds its targets some seconds after it is ready.
    while not (targets := _targets(ctx)) or any(target["health"] == "unknown" for target in targets):
        if ctx.left < 1:
            raise TimeoutError("not every target has been scraped yet")
        time.sleep(0.2)
    if dead := [target["scrapeUrl"] for target in targets if target["health"] != "up"]:
        raise RuntimeError(f"{', '.join(dead)} could not be scraped")
    query = urllib.parse.urlencode({"query": 'sum by (__name__) ({__name__=~".+"})'})
    answer = _call(ctx, "api", "GET", f"/api/v1/query?{query}")
    return {"metrics": {one["metric"]["__name__"]: float(one["value"][1]) for one in answer["data"]["result"]}}


def fire(ctx, name, labels):
    """Push a sample that the rule turns into an alert with its labels."""
    fields = ctx.endpoints["push"]
    text = ",".join(f'{key}="{value}"' for key, value in sorted({**labels, "name": name}.items()))
    group = f"/metrics/job/alerts/alert/{urllib.parse.quote(name, safe='')}"
    login = base64.b64encode(f"{fields['username']}:{fields['password']}".encode()).decode()
    request = urllib.request.Request(
        fields["url"] + group, f"stack_alert{{{text}}} 1\n".encode(), {"Authorization": f"Basic {login}"}, method="PUT"
    )
    with _OPENER.open(request, timeout=10):
        return {"alert_id": group}


def received(ctx, name):
    """The alerts of that name that reached the receiver."""
    alerts = [alert["labels"] for alert in _call(ctx, "received", "GET", "/alerts")]
    return {"alerts": [{"name": name, "labels": labels} for labels in alerts if labels.get("name") == name]}


def _targets(ctx):
    return _call(ctx, "api", "GET", "/api/v1/targets?state=active")["data"]["activeTargets"]


def _call(ctx, endpoint, method, path):
    fields = ctx.endpoints[endpoint]
    return http.call(method, fields["url"] + path, user=(fields["username"], fields["password"]))
