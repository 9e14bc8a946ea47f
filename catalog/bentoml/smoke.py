"""The verbs of the BentoML service in service.py, spoken with BentoML's client."""

import os
from pathlib import Path

os.environ["BENTOML_DO_NOT_TRACK"] = "True"  # read when the library is imported

import bentoml
from bentoml.exceptions import BentoMLException

from stackwright_job.exchange import sha256_of


def register(ctx, name, model):
    """A new version in BentoML's model store, which names it."""
    made = _stored(ctx, name, model)
    return {"version": made["tag"].partition(":")[2], "uri": f"bentoml://{made['tag']}", "sha256": made["sha256"]}


def fetch(ctx, name, version):
    """The file of that version."""
    file = Path(ctx.dir) / f"{name}-{version}.skops"
    with _client(ctx) as client:
        file.write_bytes(client.fetch(tag=f"{name}:{version}"))
    return {"file": str(file), "sha256": sha256_of(file)}


def deploy(ctx, model):
    """Serve exactly this version; another registry's is brought into the store first, under its own version."""
    tag = f"{model['name']}:{model['version']}"
    with _client(ctx) as client:
        try:
            found = client.stored(tag=tag)
        except BentoMLException:
            found = _stored(ctx, tag, model)
        if found["sha256"] != model["sha256"]:
            raise ValueError(f"the store has another model as {tag}")
        served = client.deploy(tag=tag)["tag"]
    url = f"{ctx.endpoints['predict']['url']}/predict#{served}"
    return {"url": url, "version": served.partition(":")[2]}


def predict(ctx, url, rows):
    """The served model's predictions for these rows."""
    with _client(ctx) as client:
        return {"predictions": client.predict(tag=url.partition("#")[2], rows=[[*row.values()] for row in rows])}


def undeploy(ctx, url):
    """Serve that version no longer."""
    with _client(ctx) as client:
        client.undeploy(tag=url.partition("#")[2])


def _stored(ctx, name, model):
    if model["format"] != "sklearn-skops":
        raise ValueError(f"a model in the format `{model['format']}` cannot be stored; `sklearn-skops` can")
    with _client(ctx) as client:
        return client.store(name=name, file=Path(model["file"]), digest=model["sha256"])


def _client(ctx):
    fields = ctx.endpoints["predict"]
    return bentoml.SyncHTTPClient(fields["url"], token=fields["token"], timeout=ctx.left)
