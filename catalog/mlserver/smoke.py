"""MLServer's verbs: its repository API, whose models are `NAME:VERSION` of the registry, and inference protocol."""

from stackwright_job import http


def deploy(ctx, model):
    """Serve exactly this version of the registry's model; `version` is the one that the server says it serves."""
    name = f"{model['name']}:{model['version']}"
    http.call("POST", f"{_url(ctx)}/v2/repository/models/{name}/load", timeout=ctx.left)
    # The server knows no model under this address unless the one that it loaded has this version.
    url = f"{_url(ctx)}/v2/models/{name}/versions/{model['version']}"
    http.call("GET", f"{url}/ready", timeout=30)
    return {"url": url, "version": http.call("GET", url, timeout=30)["name"].rpartition(":")[2]}


def predict(ctx, url, rows):
    """The served model's predictions for these rows."""
    flat = [float(value) for row in rows for value in row.values()]
    tensor = {"name": "rows", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": flat}
    # A model without a signature does not say what it takes.
    asked = {"parameters": {"content_type": "np"}, "inputs": [tensor]}
    answer = http.call("POST", f"{url}/infer", asked, timeout=ctx.left)
    (output,) = answer["outputs"]
    return {"predictions": output["data"]}


def undeploy(ctx, url):
    """Serve that version no longer."""
    name = url.split("/v2/models/")[1].split("/versions/")[0]
    http.call("POST", f"{_url(ctx)}/v2/repository/models/{name}/unload", timeout=30)


def _url(ctx):
    return ctx.endpoints["predict"]["url"]
