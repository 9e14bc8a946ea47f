"""Aim's verbs: what writes goes through its client, what reads through the server that shows and searches."""

import os
import time
from pathlib import Path
from unittest.mock import patch

os.environ["DO_NOT_TRACK"] = "1"  # read when the client is imported

import aim

from stackwright_job import http


def log_run(ctx, *, name, params, metrics, tags, artifact_files):
    """A finished run of the experiment `name`; Aim's tags have no values, so these are part of its parameters."""
    run = aim.Run(
        repo=ctx.endpoints["tracking"]["url"], experiment=name, system_tracking_interval=None,
        capture_terminal_logs=False, log_system_params=False,
    )  # fmt: skip
    run["params"], run["tags"] = params, tags
    for key, value in metrics.items():
        run.track(value, name=key, step=0)
    with patch.dict(os.environ, _access(ctx)):
        run.set_artifacts_uri(f"{ctx.needs['artifacts']['uri']}/aim")
        for file in artifact_files:
            run.log_artifact(file, name=Path(file).name, block=True)
    run.close()
    return {"run_id": run.hash, "artifacts": [_address(ctx, run.hash, Path(file).name) for file in artifact_files]}


def read_run(ctx, run_id):
    """The run as Aim shows it, which it does some seconds after it was written."""
    url = f"{ctx.endpoints['tracking']['page']}/api/runs/{run_id}"
    found = _settled(ctx, f"{url}/info/")
    asked = [{"name": metric["name"], "context": metric["context"]} for metric in found["traces"]["metric"]]
    values = http.call("POST", f"{url}/metric/get-batch/", asked, timeout=ctx.left) if asked else []
    return {
        "params": found["params"]["params"],
        "metrics": {metric["name"]: metric["values"][-1] for metric in values},
        "tags": found["params"]["tags"],
        "artifacts": [_address(ctx, run_id, artifact["name"]) for artifact in found["artifacts"]],
    }


def _settled(ctx, url):
    """What is known of a run once it is over: until then some of it may be on its way."""
    while True:
        try:
            found = http.call("GET", url, timeout=ctx.left)
            if found["props"]["end_time"]:
                return found
        except http.HttpError:
            found = None
        if ctx.left < 2:
            raise TimeoutError(f"Aim does not show a finished run at {url}")
        time.sleep(0.5)


def _address(ctx, run_id, name):
    return f"{ctx.needs['artifacts']['uri']}/aim/{run_id}/{name}"


def _access(ctx):
    """Aim finds its bucket by the environment; a job has other keys of its own there."""
    files = ctx.needs["artifacts"]
    return {
        "AWS_ENDPOINT_URL": files["url"], "AWS_ACCESS_KEY_ID": files["access_key"],
        "AWS_SECRET_ACCESS_KEY": files["secret_key"], "AWS_DEFAULT_REGION": files["region"],
    }  # fmt: skip
