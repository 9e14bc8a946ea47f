"""A LitServe server for several models: their files lie in one folder, where every inference worker finds them.

PUT and DELETE /models/NAME/VERSION deploy one and take it away; POST /predict names the one that is asked.
"""

import base64
import hashlib
import os
import secrets
import shutil
from multiprocessing import connection
from pathlib import Path
from typing import Annotated

import litserve
import numpy
import skops.io
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as InPath
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

# Its processes meet on a port, with a key: a socket's path has 107 bytes at most, and a stack's folder may lie deep.
connection.default_family = "AF_INET"
FOLDER = Path(os.environ["MODELS"])
Word = Annotated[str, InPath(pattern=r"^\w[\w.-]*$")]


def authorize(request: Request, key: str | None = Depends(APIKeyHeader(name="X-API-Key", auto_error=False))) -> None:
    """Whoever asks for more than the server's health has the key."""
    if request.url.path != "/health" and not secrets.compare_digest(key or "", os.environ["KEY"]):
        raise HTTPException(403, "this is not the key")


class Models(litserve.LitAPI):
    """What an inference worker does; it loads a model with the first request for it."""

    authorize = staticmethod(authorize)

    def setup(self, device):
        """Nothing is loaded yet."""
        self.loaded = {}

    def decode_request(self, request):
        """The model's file and the rows."""
        return FOLDER / request["model"] / "model.skops", numpy.array(request["rows"], dtype=float)

    def predict(self, asked):
        """The predictions of the model that is there now: a file that is gone or replaced is served no longer."""
        file, rows = asked
        if not file.is_file():
            raise HTTPException(404, f"no model {file.parent.relative_to(FOLDER)} is served")
        stamp = file.stat().st_mtime_ns
        if self.loaded.get(file, (0,))[0] != stamp:
            self.loaded[file] = stamp, skops.io.load(file)
        return self.loaded[file][1].predict(rows)

    def encode_response(self, output):
        """As JSON."""
        return {"predictions": output.tolist()}


class Model(BaseModel):
    """A model's file in base64, and what it must hash to."""

    file: str
    sha256: str


router = APIRouter(prefix="/models", dependencies=[Depends(authorize)])


@router.get("")
def models() -> dict:
    """What is served."""
    found = sorted(file.parent.relative_to(FOLDER) for file in FOLDER.glob("*/*/model.skops"))
    return {"models": [{"name": path.parent.name, "version": path.name} for path in found]}


@router.put("/{name}/{version}")
def deploy(name: Word, version: Word, model: Model) -> dict:
    """Serve this file; skops loads nothing but known types, so that no file runs code."""
    data = base64.b64decode(model.file)
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise HTTPException(400, "the file does not have that hash")
    skops.io.loads(data)
    target = FOLDER / name / version / "model.skops"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(data)
    part.replace(target)
    return {"name": name, "version": version}


@router.delete("/{name}/{version}")
def undeploy(name: Word, version: Word) -> None:
    """Serve it no longer."""
    if not (FOLDER / name / version).is_dir():
        raise HTTPException(404, f"no model {name}/{version} is served")
    shutil.rmtree(FOLDER / name / version)


if __name__ == "__main__":
    server = litserve.LitServer(Models(), accelerator="cpu", workers_per_device=int(os.environ["WORKERS"]))
    server.app.include_router(router)
    server.run(host=os.environ["HOST"], port=int(os.environ["PORT"]), generate_client_file=False)
