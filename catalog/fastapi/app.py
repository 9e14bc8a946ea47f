"""A model server in one file: the Open Inference Protocol, with its extension that loads a model from the request.

POST /v2/repository/models/NAME:VERSION/load     {"parameters": {"sha256": …, "file:VERSION/model.skops": base64}}
POST /v2/models/NAME:VERSION/infer
POST /v2/repository/models/NAME:VERSION/unload

What is served lies in a folder too, one file a model, and is served again when the process comes back.
"""

import base64
import hashlib
import logging
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy
import skops.io
from fastapi import FastAPI, HTTPException
from prometheus_client import Counter, Gauge, start_http_server
from pydantic import BaseModel
from skops.io.exceptions import UntrustedTypesFoundException

FOLDER = Path(os.environ["MODELS"])
MODELS: dict[str, Any] = {}


@asynccontextmanager
async def remembered(_: FastAPI):
    """Before the first request: what was served when the last process ended."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.skops"):
        try:
            MODELS[unquote(file.stem)] = skops.io.load(file)
        except Exception:  # another scikit-learn than the one that wrote it, perhaps; the others are served
            logging.exception("%s cannot be loaded any more", file.name)
    yield


app = FastAPI(title="models", version="1", docs_url=None, redoc_url=None, lifespan=remembered)
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
        loaded = skops.io.loads(data)
    except UntrustedTypesFoundException as error:
        raise HTTPException(422, str(error)) from None
    part = _file(model).with_suffix(".part")
    part.write_bytes(data)
    part.replace(_file(model))
    MODELS[model] = loaded
    return {"name": model}


@app.post("/v2/repository/models/{model}/unload")
def unload(model: str) -> dict:
    """Serve that model no longer."""
    _known(model)
    _file(model).unlink(missing_ok=True)
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


def _file(model: str) -> Path:
    return FOLDER / f"{quote(model, safe='')}.skops"
