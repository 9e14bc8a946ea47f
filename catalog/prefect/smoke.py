"""Prefect's verb over its REST API: importing its client would cost four seconds for five requests."""

import json
import os
import time
from pathlib import Path

from stackwright_job import http

_POOL = "stack"
_FLOW = "job"  # flow.py
_TERMINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def run_job(ctx, name, argv, env, cwd):
    """Run a command as a flow run of Prefect's own process worker; the run's id, exit, log and state."""
    request = _request(ctx, {"argv": argv, "env": env, "cwd": cwd})
    try:
        asked = {"name": name, "parameters": {"request": str(request)}, "idempotency_key": request.name}
        run_id = _call(ctx, "POST", f"/deployments/{_deployment(ctx, name)}/create_flow_run", asked)["id"]
        run = _finished(ctx, run_id)
        answer, log = _read(f"{request}.result"), _read(f"{request}.log")
    finally:
        for file in ctx.dir.glob(f"{request.name}*"):
            file.unlink()
    state = f"{run['state_type']}: {run['state']['message'] or run['state_name']}"
    # The id and the state are what the server says, not what the job's side wrote.
    return {"run_id": run["id"], "exit": json.loads(answer)["exit"] if answer else None, "log": log, "state": state}


def _deployment(ctx, name):
    flow = _call(ctx, "POST", "/flows/", {"name": _FLOW})["id"]
    asked = {
        "name": name,
        "flow_id": flow,
        "work_pool_name": _POOL,
        # A module path, not a file: nothing is copied or pulled, the worker's process imports flow.py.
        "entrypoint": "flow.run_job",
        # The engine by itself: Prefect's whole command line takes a second of CPU longer to start it.
        "job_variables": {"command": "python -m prefect.engine"},
    }
    return _call(ctx, "POST", "/deployments/", asked)["id"]


def _request(ctx, request):
    """What to run, in a file for us alone: environments hold secrets, and Prefect keeps parameters in its database."""
    file = ctx.dir / f"job-{os.urandom(8).hex()}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(request, stream)
    return file


def _read(file):
    return Path(file).read_text(encoding="utf-8", errors="replace") if Path(file).exists() else ""


def _finished(ctx, run_id):
    while ctx.left > 5:
        run = _call(ctx, "GET", f"/flow_runs/{run_id}")
        if run["state_type"] in _TERMINAL:
            return run
        time.sleep(0.2)
    _call(ctx, "POST", f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING"}})
    raise TimeoutError(f"flow run {run_id} is still {run['state_name']}; it was told to stop")


def _call(ctx, method, path, body=None):
    fields = ctx.endpoints["api"]
    user = (fields["username"], fields["password"])
    while True:
        try:
            return http.call(method, fields["url"] + path, body, user=user, timeout=30)
        except http.HttpError as error:
            # A busy database; the server asks to come again. Every request here may be repeated.
            if error.status != 503 or ctx.left < 10:
                raise
        time.sleep(1)
