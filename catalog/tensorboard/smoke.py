"""TensorBoard's verbs: runs are written as event files to its bucket with tensorboardX, and read through its API.

Parameters and tags are hyperparameters to it. It keeps no artifacts: those lie in the bucket, beside a run's events.
"""

import os
import time
import uuid
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

import boto3
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboardX.proto.tensor_pb2 import TensorProto
from tensorboardX.summary import hparams
from tensorboardX.writer import FileWriter

from stackwright_job import http

_FOLDER, _TAG = "tensorboard", "tag/"


def log_run(ctx, *, name, params, metrics, tags, artifact_files):
    """A finished run, `name/<id>`; metrics are written as doubles, which TensorBoard's own writers round to floats."""
    run_id = f"{name}/{uuid.uuid4().hex}"
    told = params | {f"{_TAG}{key}": str(value) for key, value in tags.items()}
    with patch.dict(os.environ, _access(ctx)):
        writer = FileWriter(f"{ctx.needs['logs']['uri']}/{_FOLDER}/{run_id}")
        # The hyperparameters last: a run that shows them has been read whole. Without what describes the whole
        # experiment: TensorBoard would take the first run's for all, and hide what only later runs have.
        _, started, ended = hparams(told, metrics)
        for summary in (*(_scalar(key, value) for key, value in metrics.items()), started, ended):
            writer.add_summary(summary)
        writer.close()
        for file in artifact_files:
            key = f"{_FOLDER}/{run_id}/artifacts/{Path(file).name}"
            boto3.client("s3").upload_file(file, ctx.needs["logs"]["bucket"], key)
    return {"run_id": run_id, "artifacts": [_address(ctx, run_id, Path(file).name) for file in artifact_files]}


def read_run(ctx, run_id):
    """The run as TensorBoard shows it, which it does some seconds after it was written; artifacts as they lie there."""
    while (told := _hyperparameters(ctx, run_id)) is None:
        if ctx.left < 2:
            raise TimeoutError(f"TensorBoard does not show the run {run_id}")
        time.sleep(0.5)
    tags = [tag for tag in _ask(ctx, "plugin/scalars/tags").get(run_id, ()) if tag]
    values = {tag: _ask(ctx, "plugin/scalars/scalars", run=run_id, tag=tag) for tag in tags}
    return {
        "params": {key: value for key, value in told.items() if not key.startswith(_TAG)},
        "metrics": {tag: found[-1][2] for tag, found in values.items()},
        "tags": {key.removeprefix(_TAG): value for key, value in told.items() if key.startswith(_TAG)},
        "artifacts": [_address(ctx, run_id, name) for name in _artifacts(ctx, run_id)],
    }


def _hyperparameters(ctx, run_id):
    """Of a run, or None as long as TensorBoard has not read it."""
    url = f"{ctx.endpoints['ui']['url']}/data/plugin/hparams"
    known = http.call("POST", f"{url}/experiment", {"experimentName": ""}, timeout=ctx.left)["hparamInfos"]
    asked = {
        "experimentName": "", "startIndex": 0, "sliceSize": 10000,
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [{"hparam": info["name"], "includeInResult": True} for info in known],
    }  # fmt: skip
    groups = http.call("POST", f"{url}/session_groups", asked, timeout=ctx.left)["sessionGroups"]
    found = (group["hparams"] for group in groups if any(s["name"] == run_id for s in group["sessions"]))
    return next(found, None)


def _scalar(tag, value):
    tensor = TensorProto(dtype="DT_DOUBLE", double_val=[float(value)])
    how = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    return Summary(value=[Summary.Value(tag=tag, tensor=tensor, metadata=how)])


def _ask(ctx, path, **query):
    url = f"{ctx.endpoints['ui']['url']}/data/{path}"
    return http.call("GET", f"{url}?{urlencode(query)}" if query else url, timeout=ctx.left)


def _artifacts(ctx, run_id):
    prefix = f"{_FOLDER}/{run_id}/artifacts/"
    with patch.dict(os.environ, _access(ctx)):
        found = boto3.client("s3").list_objects_v2(Bucket=ctx.needs["logs"]["bucket"], Prefix=prefix)
    return [entry["Key"].removeprefix(prefix) for entry in found.get("Contents", ())]


def _address(ctx, run_id, name):
    return f"{ctx.needs['logs']['uri']}/{_FOLDER}/{run_id}/artifacts/{name}"


def _access(ctx):
    """The variables by which boto3 and tensorboardX find TensorBoard's bucket; a job has others of its own."""
    logs = ctx.needs["logs"]
    return {
        "AWS_ACCESS_KEY_ID": logs["access_key"], "AWS_SECRET_ACCESS_KEY": logs["secret_key"],
        "AWS_DEFAULT_REGION": logs["region"], "AWS_ENDPOINT_URL": logs["url"], "S3_ENDPOINT": logs["url"],
    }  # fmt: skip
