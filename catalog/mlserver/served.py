"""An MLflow model that leaves a mark for as long as it is deployed; the server's own end takes no mark away."""

from mlserver_mlflow import MLflowRuntime
from registry import mark


class Served(MLflowRuntime):
    """One version of a registered model."""

    async def load(self):
        """From now on it is deployed."""
        loaded = await super().load()
        mark(self.name).write_text(str(id(self)))
        return loaded

    async def unload(self):
        """It is deployed no longer, unless the same version was loaded anew, which unloads the old one afterwards."""
        file = mark(self.name)
        if file.exists() and file.read_text() == str(id(self)):
            file.unlink()
        return await super().unload()
