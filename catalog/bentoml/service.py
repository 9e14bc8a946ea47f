"""A BentoML service for several models, which lie in BentoML's own model store under NAME:VERSION.

A version that is served has a mark beside its file, by which it is served again when the process comes back.
"""

import logging
import os
import secrets
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import bentoml
import numpy
import skops.io
from bentoml.exceptions import InvalidArgument, NotFound

FILE, MARK = "model.skops", "served"
OPEN = {"/livez", "/readyz", "/healthz", "/metrics"}


@bentoml.service(name="models", workers=1)
class Models:
    """The store, and what of it is served; skops loads nothing but known types, so that no file runs code."""

    def __init__(self) -> None:
        self.served: dict[str, Any] = {}
        for model in bentoml.models.list():
            if Path(model.path_of(MARK)).exists():
                try:
                    self.served[str(model.tag)] = skops.io.load(model.path_of(FILE))
                except Exception:  # another scikit-learn than the one that wrote it, perhaps; the others are served
                    logging.exception("%s cannot be loaded any more", model.tag)

    @bentoml.api
    def store(self, name: str, file: Path, digest: str) -> dict:
        """A new version of a model; `name` may say which, as NAME:VERSION."""
        data = file.read_bytes()
        if sha256(data).hexdigest() != digest:
            raise InvalidArgument("the file does not have that hash")
        skops.io.loads(data)
        with bentoml.models.create(name, labels={"sha256": digest}) as made:
            shutil.copyfile(file, made.path_of(FILE))
        return {"tag": str(made.tag), "sha256": digest}

    @bentoml.api
    def stored(self, tag: str) -> dict:
        """What is known of a version."""
        return {"tag": tag, **bentoml.models.get(tag).info.labels}

    @bentoml.api
    def fetch(self, tag: str) -> bytes:
        """A version's file."""
        return Path(bentoml.models.get(tag).path_of(FILE)).read_bytes()

    @bentoml.api
    def deploy(self, tag: str) -> dict:
        """Serve a version; none of the others notices."""
        model = bentoml.models.get(tag)
        loaded = skops.io.load(model.path_of(FILE))
        Path(model.path_of(MARK)).touch()
        self.served[str(model.tag)] = loaded
        return {"tag": str(model.tag)}

    @bentoml.api
    def predict(self, tag: str, rows: list[list[float]]) -> list:
        """The predictions of a version that is served."""
        if tag not in self.served:
            raise NotFound(f"no model {tag} is served")
        return self.served[tag].predict(numpy.array(rows)).tolist()

    @bentoml.api
    def undeploy(self, tag: str) -> None:
        """Serve that version no longer."""
        if tag not in self.served:
            raise NotFound(f"no model {tag} is served")
        Path(bentoml.models.get(tag).path_of(MARK)).unlink(missing_ok=True)
        self.served.pop(tag, None)


class Guard:
    """Lets nobody in who has not got the token; BentoML has no authentication of its own."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"").decode("latin-1")
        wanted = f"Bearer {os.environ['TOKEN']}"
        if scope["type"] != "http" or scope["path"] in OPEN or secrets.compare_digest(given.encode(), wanted.encode()):
            await self.app(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})


Models.add_asgi_middleware(Guard)
