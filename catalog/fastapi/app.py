"""A model server in one file: the Open Inference Protocol, with its extension that loads a model from the request.

POST /v2/repository/models/NAME:VERSION/load     {"parameters": {"sha256": …, "file:VERSION/model.skops": base64}}
POST /v2/models/NAME:VERSION/infer
POST /v2/repository/models/NAME:VERSION/unload
"""

import base64
import hashlib
import os
from typing import Any

import numpy
import skops.io
from fastapi import FastAPI, HTTPException
from prometheus_client import Counter, Gauge, start_http_server
from pydantic import BaseModel
from skops.io.exceptions import UntrustedTypesFoundException

app = FastAPI(title="models", version="1", docs_url=None, redoc_url=None)
MODELS: dict[str, Any] = {}
SERVED = Gauge("models_served", "Models that are loaded.")
ROWS = Counter("rows_predicted", "Rows that were predicted.", ["model"])
SERVED.set_function(lambda: len(MODELS))
start_http_server(int(os.environ["METRICS_PORT"]), os.environ["METRICS_HOST"])


class Load(BaseModel):
    """A model's file, and what it must hash to."""

    parameters: dict[str, str]


class Tensor(BaseModel):
    """Rows of numbers, one after the other."""

    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Infer(BaseModel):
    """What to predict for."""

    inputs: list[Tensor]


@app.get("/v2")
def about() -> dict:
    """Who answers."""
    return {"name": app.title, "version": app.version, "extensions": ["model_repository"]}


@app.get("/v2/health/ready")
def ready() -> dict:
    """It is, once it answers."""
    return {"ready": True}


@app.post("/v2/repository/models/{model}/load")
def load(model: str, asked: Load) -> dict:
    """Serve the model in the request: skops loads nothing but known types, so that no request runs code."""
    data = base64.b64decode(asked.parameters[f"file:{model.rpartition(':')[2]}/model.skops"])
    if hashlib.sha256(data).hexdigest() != asked.parameters["sha256"]:
        raise HTTPException(400, "the file does not have that hash")
    try:
        MODELS[model] = skops.io.loads(data)
    except UntrustedTypesFoundException as error:
        raise HTTPException(422, str(error)) from None
    return {"name": model}


@app.post("/v2/repository/models/{model}/unload")
def unload(model: str) -> dict:
    """Serve that model no longer."""
    _known(model)
    return {"name": model, "unloaded": MODELS.pop(model, None) is not None}


@app.get("/v2/models/{model}")
def metadata(model: str) -> dict:
    """What is known of a model that is served."""
    return {"name": model, "versions": [model.rpartition(":")[2]], "platform": type(_known(model)).__name__}


@app.post("/v2/models/{model}/infer")
def infer(model: str, asked: Infer) -> dict:
    """The model's predictions, one a row."""
    (tensor,) = asked.inputs
    said = _known(model).predict(numpy.array(tensor.data).reshape(tensor.shape))
    ROWS.labels(model).inc(len(said))
    datatype = {"i": "INT64", "f": "FP64"}.get(said.dtype.kind, "BYTES")
    output = {"name": "predict", "shape": list(said.shape), "datatype": datatype, "data": said.tolist()}
    return {"model_name": model, "outputs": [output]}


def _known(model: str) -> Any:
    if model not in MODELS:
        raise HTTPException(404, f"no model {model} is served")
    return MODELS[model]
