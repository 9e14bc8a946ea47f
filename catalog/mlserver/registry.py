"""MLServer's model repository is the model registry: `NAME:VERSION` is that version and no other.

    POST /v2/repository/models/NAME:VERSION/load      deploys it
    POST /v2/models/NAME:VERSION/infer                predicts
    POST /v2/repository/models/NAME:VERSION/unload    takes it away

No model is written to disk to deploy it, and no alias can point somewhere else by then. What is deployed has a mark in
a folder, by which it is deployed again when the process comes back (see served.py). MLflow is imported with the first
model: it is most of the server's start-up otherwise.
"""

import asyncio
import logging
import os
from pathlib import Path
from urllib.parse import quote, unquote

from mlserver.errors import ModelNotFound
from mlserver.repository import ModelRepository
from mlserver.settings import ModelParameters, ModelSettings

MARKS = Path(os.environ["SERVED"])
UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # what the registry says of a model that it has not


def mark(name):
    """The file that says that this model is deployed."""
    return MARKS / quote(name, safe="")


def settings_of(name, version):
    """How MLServer loads one version of a registered model."""
    # A request of plain tensors is one array, unless the model's own signature says something else.
    how = ModelParameters(uri=f"models:/{name}/{version}", version=str(version), content_type="np")
    return ModelSettings(name=f"{name}:{version}", implementation="served.Served", parameters=how)


class Registry(ModelRepository):
    """Looks models up in the registry that MLFLOW_TRACKING_URI names."""

    def __init__(self, root):
        """MLServer passes its folder, which holds no models here."""
        MARKS.mkdir(parents=True, exist_ok=True)

    async def list(self):
        """What is deployed; asked for before the first request."""
        return await asyncio.to_thread(self._list)

    async def find(self, name):
        """The one version that `NAME:VERSION` names."""
        return await asyncio.to_thread(self._find, name)

    def _list(self):
        return [found for file in MARKS.iterdir() for found in self._remembered(unquote(file.name))]

    def _remembered(self, name):
        """A model that was deployed; nothing if it cannot be any more, for the server would not start with it."""
        from mlflow import pyfunc

        try:
            (found,) = self._find(name)
        except ModelNotFound:
            logging.warning("%s was deployed, and is no longer in the registry", name)
            mark(name).unlink()
            return []
        try:
            pyfunc.load_model(found.parameters.uri)
        except Exception:  # another scikit-learn than the one that wrote it, perhaps
            logging.exception("%s was deployed, and cannot be loaded any more", name)
            return []
        return [found]

    def _find(self, name):
        from mlflow import MlflowClient
        from mlflow.exceptions import RestException

        model, _, version = name.rpartition(":")
        try:
            found = MlflowClient().get_model_version(model, version)
        except RestException as error:
            if error.error_code not in UNKNOWN:
                raise  # the registry's own trouble, which passes
            raise ModelNotFound(name) from error
        return [settings_of(found.name, found.version)]
