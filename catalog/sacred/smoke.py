"""Sacred's verbs: an experiment is run, its observer keeps the run in the bucket, and there it is read."""

import json
import os
import uuid
from pathlib import Path
from unittest.mock import patch

import boto3
from sacred import SETTINGS, Experiment
from sacred.observers import S3Observer

_FOLDER = "sacred"
SETTINGS.CAPTURE_MODE = "no"  # output belongs to whoever calls
SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
SETTINGS.CONFIG.READ_ONLY_CONFIG = False


def log_run(ctx, *, name, params, metrics, tags, artifact_files):
    """A run of the experiment `name`, which logs what it is given; tags are part of a run's `info`."""
    experiment = Experiment(name, save_git_info=False)
    experiment.add_config(params=params)

    @experiment.main
    def finished(_run):
        _run.info["tags"] = tags
        for key, value in metrics.items():
            _run.log_scalar(key, value)
        for file in artifact_files:
            _run.add_artifact(file)

    run_id = uuid.uuid4().hex
    with patch.dict(os.environ, _access(ctx)):
        experiment.observers.append(S3Observer(ctx.needs["runs"]["bucket"], _FOLDER))
        experiment.run(options={"--id": run_id, "--loglevel": "ERROR"})
    address = f"{ctx.needs['runs']['uri']}/{_FOLDER}/{run_id}"
    return {"run_id": run_id, "artifacts": [f"{address}/{Path(file).name}" for file in artifact_files]}


def read_run(ctx, run_id):
    """Configuration, the last value of every metric, tags and artifacts, as they lie in the bucket."""
    folder = f"{_FOLDER}/{run_id}"
    config, metrics, run = (_read(ctx, f"{folder}/{name}.json") for name in ("config", "metrics", "run"))
    return {
        "params": config["params"],
        "metrics": {key: found["values"][-1] for key, found in metrics.items()},
        "tags": _read(ctx, f"{folder}/info.json")["tags"],
        "artifacts": [f"{ctx.needs['runs']['uri']}/{folder}/{name}" for name in run["artifacts"]],
    }


def _read(ctx, key):
    with patch.dict(os.environ, _access(ctx)):
        found = boto3.client("s3").get_object(Bucket=ctx.needs["runs"]["bucket"], Key=key)
        return json.load(found["Body"])


def _access(ctx):
    """Sacred takes its access from the environment; a job has other keys of its own there."""
    runs = ctx.needs["runs"]
    return {
        "AWS_ENDPOINT_URL": runs["url"], "AWS_ACCESS_KEY_ID": runs["access_key"],
        "AWS_SECRET_ACCESS_KEY": runs["secret_key"], "AWS_DEFAULT_REGION": runs["region"],
    }  # fmt: skip
