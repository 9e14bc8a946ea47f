"""MLServer's model repository is the model registry: `NAME:VERSION` is that version and no other.

    POST /v2/repository/models/NAME:VERSION/load      deploys it
    POST /v2/models/NAME:VERSION/infer                predicts
    POST /v2/repository/models/NAME:VERSION/unload    takes it away

Nothing is written to disk to deploy a model, and no alias can point somewhere else by then. MLflow is
imported with the first model: it is most of the server's start-up otherwise.
"""

import asyncio

from mlserver.errors import ModelNotFound
from mlserver.repository import ModelRepository
from mlserver.settings import ModelParameters, ModelSettings


def settings_of(name, version):
    """How MLServer loads one version of a registered model."""
    # A request of plain tensors is one array, unless the model's own signature says something else.
    how = ModelParameters(uri=f"models:/{name}/{version}", version=str(version), content_type="np")
    return ModelSettings(name=f"{name}:{version}", implementation="mlserver_mlflow.MLflowRuntime", parameters=how)


class Registry(ModelRepository):
    """Looks models up in the registry that MLFLOW_TRACKING_URI names."""

    def __init__(self, root):
        """MLServer passes its folder, which holds no models here."""

    async def list(self):
        """Every version of every registered model."""
        return await asyncio.to_thread(self._list)

    async def find(self, name):
        """The one version that `NAME:VERSION` names."""
        return await asyncio.to_thread(self._find, name)

    def _list(self):
        from mlflow import MlflowClient

        return [settings_of(found.name, found.version) for found in MlflowClient().search_model_versions()]

    def _find(self, name):
        from mlflow import MlflowClient
        from mlflow.exceptions import RestException

        model, _, version = name.rpartition(":")
        try:
            found = MlflowClient().get_model_version(model, version)
        except RestException as error:
            raise ModelNotFound(name) from error
        return [settings_of(found.name, found.version)]
