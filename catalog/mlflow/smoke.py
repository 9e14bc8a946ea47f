"""MLflow's verbs, spoken with its own client; a file becomes an MLflow model when it is registered."""

import logging
import os
import time
from pathlib import Path

# Read when the client is imported.
os.environ.update({"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_DISABLE_TELEMETRY": "true"})

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import RestException
from mlflow.models import Model

from stackwright_job.exchange import sha256_of

logging.getLogger("mlflow").setLevel(logging.WARNING)


def log_run(ctx, *, name, params, metrics, tags, artifact_files):
    """A finished run of the experiment `name`; the artifacts lie under their files' names."""
    client = _client(ctx)
    run_id = client.create_run(_experiment(client, name)).info.run_id
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
        params=[Param(key, str(value)) for key, value in params.items()],
        tags=[RunTag(key, str(value)) for key, value in tags.items()],
    )
    for file in artifact_files:
        client.log_artifact(run_id, file)
    client.set_terminated(run_id)
    return {"run_id": run_id, "artifacts": [f"runs:/{run_id}/{Path(file).name}" for file in artifact_files]}


def read_run(ctx, run_id):
    """Parameters, metrics, tags and artifacts, as the server has them."""
    client = _client(ctx)
    data = client.get_run(run_id).data
    artifacts = [f"runs:/{run_id}/{path}" for path in _paths(client, run_id)]
    return {"params": data.params, "metrics": data.metrics, "tags": data.tags, "artifacts": artifacts}


def register(ctx, name, model):
    """A new version of the registered model `name`, made of a run's artifact: `{uri, format, sha256, file}`."""
    client = _client(ctx)
    if not model["uri"].startswith("runs:/"):  # another tool's run logged it
        run = log_run(ctx, name=name, params={}, metrics={}, tags={"uri": model["uri"]}, artifact_files=[model["file"]])
        model = model | {"uri": run["artifacts"][0]}
    run_id, file = model["uri"].removeprefix("runs:/").split("/", 1)
    client.log_text(run_id, _description(model["format"], run_id, file), "MLmodel")
    try:
        client.create_registered_model(name)
    except RestException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = client.get_run(run_id).info.artifact_uri
    made = client.create_model_version(name, source, run_id, tags={"file": file, "sha256": model["sha256"]})
    return {"version": str(made.version), "uri": f"models:/{name}/{made.version}", "sha256": made.tags["sha256"]}


def fetch(ctx, name, version):
    """The file that this version of the model is, downloaded from where the registry says it is."""
    client = _client(ctx)
    file = client.get_model_version(name, version).tags["file"]
    uri = client.get_model_version_download_uri(name, version)
    got = mlflow.artifacts.download_artifacts(artifact_uri=f"{uri}/{file}", dst_path=str(ctx.dir))
    return {"file": got, "sha256": sha256_of(got)}


def _client(ctx):
    fields = ctx.endpoints["tracking"]
    os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = (
        fields["username"],
        fields["password"],
    )
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"  # the store may have another address here
    mlflow.set_tracking_uri(fields["url"])
    return mlflow.MlflowClient()


def _experiment(client, name):
    found = client.get_experiment_by_name(name)
    return found.experiment_id if found else client.create_experiment(name)


def _paths(client, run_id, folder=None):
    paths = []
    for found in client.list_artifacts(run_id, folder):
        paths += _paths(client, run_id, found.path) if found.is_dir else [found.path]
    return paths


def _description(form, run_id, file):
    """The MLmodel file, by which everything that reads MLflow models finds out how to load this one."""
    made = Model(artifact_path="", run_id=run_id)
    if form == "sklearn-skops":
        made.add_flavor("sklearn", pickled_model=file, serialization_format="skops", skops_trusted_types=[], code=None)
        how = {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": "predict"}
    elif form == "onnx":
        made.add_flavor("onnx", data=file, providers=["CPUExecutionProvider"], code=None)
        how = {"loader_module": "mlflow.onnx", "data": file}
    else:
        raise ValueError(f"a model in the format `{form}` cannot be registered; `sklearn-skops` and `onnx` can")
    made.add_flavor("python_function", **how, env={})
    return made.to_yaml()
