"""The verbs of the model server in app.py, in the words of the Open Inference Protocol."""

import base64
from pathlib import Path

from stackwright_job import http


def deploy(ctx, model):
    """Send the file of this version, and read back which version is served."""
    if model["format"] != "sklearn-skops":
        raise ValueError(f"a model in the format `{model['format']}` cannot be served; `sklearn-skops` can")
    name, base = f"{model['name']}:{model['version']}", ctx.endpoints["predict"]["url"]
    file = base64.b64encode(Path(model["file"]).read_bytes()).decode()
    parameters = {"sha256": model["sha256"], f"file:{model['version']}/model.skops": file}
    http.call("POST", f"{base}/v2/repository/models/{name}/load", {"parameters": parameters}, timeout=ctx.left)
    url = f"{base}/v2/models/{name}"
    (version,) = http.call("GET", url)["versions"]
    return {"url": url, "version": version}


def predict(ctx, url, rows):
    """The served model's predictions for these rows."""
    flat = [float(value) for row in rows for value in row.values()]
    tensor = {"name": "rows", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": flat}
    answer = http.call("POST", f"{url}/infer", {"inputs": [tensor]}, timeout=ctx.left)
    return {"predictions": answer["outputs"][0]["data"]}


def undeploy(ctx, url):
    """Serve that version no longer."""
    http.call("POST", f"{url.replace('/v2/models/', '/v2/repository/models/')}/unload")
