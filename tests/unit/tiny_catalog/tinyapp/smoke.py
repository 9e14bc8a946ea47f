"""tinyapp's verbs; its models are JSON files of weights and a bias."""

import json
from pathlib import Path

from stackwright_job import http


def deploy(ctx, model):
    """Serve this version of a model; `version` is the one that the server says it serves."""
    parts = json.loads(Path(model["uri"].removeprefix("file://")).read_text(encoding="utf-8"))
    url = f"{ctx.endpoints['web']['url']}/models/{model['name']}/{model['version']}"
    http.call("PUT", url, {"weights": parts["weights"], "bias": parts["bias"]}, timeout=ctx.left)
    return {"url": url, "version": http.call("GET", url, timeout=ctx.left)["key"].split("/")[1]}


def predict(ctx, url, rows):
    """The served model's predictions for these rows."""
    return http.call("POST", f"{url}/predict", {"rows": rows}, timeout=ctx.left)


def undeploy(ctx, url):
    """Serve that version no longer."""
    http.call("DELETE", url, timeout=ctx.left)
