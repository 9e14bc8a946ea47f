"""Trackio's verbs: what writes goes through its client, what reads through its API.

Trackio has no tags: they are kept in a run's configuration, below `tags`.
"""

import os
from pathlib import Path

# Read when the client is imported; it keeps here what it cannot send.
os.environ.setdefault("TRACKIO_DIR", str(Path.cwd() / ".trackio"))
os.environ["HF_HUB_OFFLINE"] = "1"

import httpx
import trackio

from stackwright_job import http
from stackwright_job.exchange import sha256_of

_MODELS = "models"  # the project whose artifacts are the registry's


def log_run(ctx, *, name, params, metrics, tags, artifact_files):
    """A finished run of the project `name`; each artifact is named after the run, so that none is another's version."""
    run = _start(ctx, name, {**params, "tags": tags})
    run.log(metrics)
    for file in artifact_files:
        run.log_artifact(file, name=f"{run.id}-{Path(file).name}")
    run.finish()
    run_id = f"{name}/{run.id}"
    return {"run_id": run_id, "artifacts": [f"trackio://{run_id}/{Path(file).name}" for file in artifact_files]}


def read_run(ctx, run_id):
    """Configuration, the last value of every metric, and artifacts, as the server has them."""
    project, _, run = run_id.partition("/")
    config = _ask(ctx, "get_run_configs", project=project)[run]
    metrics = {}
    for row in _ask(ctx, "get_logs", project=project, run=None, run_id=run):
        metrics |= {key: value for key, value in row.items() if key not in ("step", "timestamp")}
    logged = _ask(ctx, "get_run_artifacts", project=project, run_id=run)["output"]
    return {
        "params": {key: value for key, value in config.items() if key != "tags" and not key.startswith("_")},
        "metrics": metrics,
        "tags": config["tags"],
        "artifacts": [f"trackio://{run_id}/{found['name'].removeprefix(f'{run}-')}" for found in logged],
    }


def register(ctx, name, model):
    """A new version of the artifact `name`: its file as a run logged it, elsewhere or here."""
    run = _start(ctx, _MODELS, {"uri": model["uri"], "format": model["format"]})
    artifact = trackio.Artifact(name, type="model", metadata={"uri": model["uri"], "run": run.id})
    artifact.add_file(model["file"], name="model")
    version = run.log_artifact(artifact).version
    run.finish()
    (entry,) = _ask(ctx, "get_artifact_manifest", project=_MODELS, name=name, spec=version)["manifest"]
    return {"version": version, "uri": f"trackio://{_MODELS}/{name}:{version}", "sha256": entry["digest"]}


def fetch(ctx, name, version):
    """The file of that version, downloaded from the server."""
    (entry,) = _ask(ctx, "get_artifact_manifest", project=_MODELS, name=name, spec=version)["manifest"]
    url = f"{ctx.endpoints['tracking']['url']}/artifact_blob/{_MODELS}/{entry['digest']}"
    file = Path(ctx.dir) / f"{name}-{version}"
    file.write_bytes(httpx.get(url, timeout=ctx.left).raise_for_status().content)
    return {"file": str(file), "sha256": sha256_of(file)}


def _start(ctx, project, config):
    fields = ctx.endpoints["tracking"]
    os.environ["TRACKIO_WRITE_TOKEN"] = fields["token"]
    return trackio.init(
        project, config=config, server_url=fields["url"], embed=False, auto_log_cpu=False, auto_log_gpu=False
    )


def _ask(ctx, api, **arguments):
    asked = {"args": [], "kwargs": arguments}
    answer = http.call("POST", f"{ctx.endpoints['tracking']['url']}/api/{api}", asked, timeout=ctx.left)
    if answer.get("error"):
        raise RuntimeError(answer["error"])
    return answer["data"]
