"""ONNX Runtime behind the Open Inference Protocol; a scikit-learn model is converted to ONNX when it is loaded.

POST /v2/repository/models/NAME:VERSION/load     {"parameters": {"sha256": …, "file:VERSION/model.onnx": base64}}
POST /v2/models/NAME:VERSION/infer
POST /v2/repository/models/NAME:VERSION/unload

What is served lies in a folder too, one ONNX file a model, and is served again when the process comes back.
"""

import base64
import hashlib
import logging
import os
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import numpy
import onnxruntime
import skops.io
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from skops.io.exceptions import UntrustedTypesFoundException

FOLDER = Path(os.environ["MODELS"])
MODELS: dict[str, onnxruntime.InferenceSession] = {}
DATATYPES = {"tensor(double)": "FP64", "tensor(float)": "FP32", "tensor(int64)": "INT64", "tensor(string)": "BYTES"}
TYPES = {"tensor(double)": numpy.float64, "tensor(float)": numpy.float32, "tensor(int64)": numpy.int64}
onnxruntime.disable_telemetry_events()


@asynccontextmanager
async def remembered(_: FastAPI):
    """Before the first request: what was served when the last process ended."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.onnx"):
        try:
            MODELS[unquote(file.stem)] = session(file.read_bytes())
        except Exception:  # damaged by whatever stopped the machine, perhaps; the others are served
            logging.exception("%s cannot be loaded any more", file.name)
    yield


app = FastAPI(title="onnxruntime", version=onnxruntime.__version__, docs_url=None, redoc_url=None, lifespan=remembered)


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
    """Serve the model in the request."""
    ((name, data),) = [(name, base64.b64decode(v)) for name, v in asked.parameters.items() if name.startswith("file:")]
    if hashlib.sha256(data).hexdigest() != asked.parameters["sha256"]:
        raise HTTPException(400, "the file does not have that hash")
    try:
        graph = data if name.endswith(".onnx") else converted(data)
    except (AttributeError, RuntimeError, UntrustedTypesFoundException) as error:
        raise HTTPException(422, f"the model cannot be converted to ONNX: {error}") from None
    loaded = session(graph)
    part = _file(model).with_suffix(".part")
    part.write_bytes(graph)
    part.replace(_file(model))
    MODELS[model] = loaded
    return {"name": model}


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """A model that can be run."""
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def converted(data: bytes) -> bytes:
    """The model of a skops file, which may hold known types only, as an ONNX graph of double precision."""
    from skl2onnx import to_onnx

    model = skops.io.loads(data)
    row = numpy.zeros((1, model.n_features_in_))
    return to_onnx(model, row, options={"zipmap": False} if hasattr(model, "classes_") else None).SerializeToString()


@app.post("/v2/repository/models/{model}/unload")
def unload(model: str) -> dict:
    """Serve that model no longer."""
    _known(model)
    _file(model).unlink(missing_ok=True)
    return {"name": model, "unloaded": MODELS.pop(model, None) is not None}


@app.get("/v2/models/{model}")
def metadata(model: str) -> dict:
    """What is known of a model that is served."""
    session = _known(model)
    sides = {"inputs": session.get_inputs(), "outputs": session.get_outputs()[:1]}
    tensors = {
        side: [{"name": t.name, "datatype": DATATYPES.get(t.type, t.type), "shape": [-1]} for t in found]
        for side, found in sides.items()
    }
    return {"name": model, "versions": [model.rpartition(":")[2]], "platform": "onnx_onnxv1", **tensors}


@app.post("/v2/models/{model}/infer")
def infer(model: str, asked: Infer) -> dict:
    """The first output for these rows: the predictions."""
    session, (tensor,) = _known(model), asked.inputs
    taken, told = session.get_inputs()[0], session.get_outputs()[0]
    rows = numpy.array(tensor.data, dtype=TYPES[taken.type]).reshape(tensor.shape)
    (said,) = session.run([told.name], {taken.name: rows})
    output = {"name": told.name, "shape": list(said.shape), "datatype": DATATYPES.get(told.type, told.type)}
    return {"model_name": model, "outputs": [output | {"data": said.ravel().tolist()}]}


def _known(model: str) -> onnxruntime.InferenceSession:
    if model not in MODELS:
        raise HTTPException(404, f"no model {model} is served")
    return MODELS[model]


def _file(model: str) -> Path:
    return FOLDER / f"{quote(model, safe='')}.onnx"
