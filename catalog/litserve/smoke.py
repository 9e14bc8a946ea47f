"""The verbs of the LitServe server in app.py."""

import base64
from pathlib import Path

from stackwright_job import http


def deploy(ctx, model):
    """Send the file of this version; the version is read back from what is served."""
    if model["format"] != "sklearn-skops":
        raise ValueError(f"a model in the format `{model['format']}` cannot be served; `sklearn-skops` can")
    url = f"{ctx.endpoints['predict']['url']}/models/{model['name']}/{model['version']}"
    sent = {"file": base64.b64encode(Path(model["file"]).read_bytes()).decode(), "sha256": model["sha256"]}
    served = http.call("PUT", url, sent, headers=_key(ctx), timeout=ctx.left)
    return {"url": url, "version": served["version"]}


def predict(ctx, url, rows):
    """The served model's predictions for these rows."""
    base, _, model = url.partition("/models/")
    asked = {"model": model, "rows": [[*row.values()] for row in rows]}
    return http.call("POST", f"{base}/predict", asked, headers=_key(ctx), timeout=ctx.left)


def undeploy(ctx, url):
    """Serve that version no longer."""
    http.call("DELETE", url, headers=_key(ctx))


def _key(ctx):
    return {"X-API-Key": ctx.endpoints["predict"]["key"]}
