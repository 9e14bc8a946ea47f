"""VictoriaMetrics' verbs: its query and import APIs, and the receiver of vmalert's alerts."""

import base64
import time
import urllib.parse
import urllib.request

from stackwright_job import http

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def scrape(ctx):
    """The newest sample of every series, summed by name; every target has been asked once before."""
    # It finds its targets some seconds after it is ready.
    while not (targets := _targets(ctx)) or any(target["lastScrapeDuration"] == 0 for target in targets):
        if ctx.left < 1:
            raise TimeoutError("not every target has been scraped yet")
        time.sleep(0.2)
    if dead := [target["scrapeUrl"] for target in targets if target["health"] != "up"]:
        raise RuntimeError(f"{', '.join(dead)} could not be scraped")
    query = urllib.parse.urlencode({"query": 'sum({__name__!=""}) by (__name__)'})
    while not (found := _call(ctx, "api", f"/api/v1/query?{query}")["data"]["result"]) and ctx.left > 1:
        time.sleep(0.2)  # a sample can be queried about a second after it came
    return {"metrics": {one["metric"]["__name__"]: float(one["value"][1]) for one in found}}


def fire(ctx, name, labels):
    """Import a sample that the rule turns into an alert with its labels."""
    fields = ctx.endpoints["api"]
    text = ",".join(f'{key}="{value}"' for key, value in sorted({**labels, "name": name}.items()))
    sample = f"stack_alert{{{text}}}"
    login = base64.b64encode(f"{fields['username']}:{fields['password']}".encode()).decode()
    request = urllib.request.Request(
        f"{fields['url']}/api/v1/import/prometheus", f"{sample} 1\n".encode(), {"Authorization": f"Basic {login}"}
    )
    with _OPENER.open(request, timeout=10):
        return {"alert_id": sample}


def received(ctx, name):
    """The alerts of that name that reached the receiver."""
    alerts = [alert["labels"] for alert in _call(ctx, "received", "/alerts")]
    return {"alerts": [{"name": name, "labels": labels} for labels in alerts if labels.get("name") == name]}


def _targets(ctx):
    return _call(ctx, "api", "/api/v1/targets?state=active")["data"]["activeTargets"]


def _call(ctx, endpoint, path):
    fields = ctx.endpoints[endpoint]
    return http.call("GET", fields["url"] + path, user=(fields["username"], fields["password"]))
