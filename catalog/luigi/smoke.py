"""Luigi's verb: a task given to its scheduler, which its assistant runs; see job.py."""

import json
import os
import re
import time

from luigi.rpc import RemoteScheduler
from luigi.task import task_id_str

_TERMINAL = ("DONE", "FAILED", "DISABLED")


def run_job(ctx, name, argv, env, cwd):
    """Run a command as a Luigi task; id, exit, log and state are what the scheduler says."""
    scheduler = RemoteScheduler(ctx.endpoints["scheduler"]["url"])
    request = _request(ctx, {"argv": argv, "env": env, "cwd": cwd})
    params = {"name": name, "request": str(request)}
    asked = {"task_id": task_id_str("Job", params), "family": "Job", "module": "job", "params": params}
    # A task stays as long as whoever wants it is alive: this worker, which runs nothing itself.
    us = f"smoke-{request.stem}"
    try:
        scheduler.add_task(worker=us, status="PENDING", runnable=True, deps=[], **asked)
        task = _finished(ctx, scheduler, us, asked["task_id"])
    finally:
        request.unlink()
    log = task["status_message"] or ""
    if task["status"] == "DONE":
        return {"run_id": task["id"], "exit": 0, "log": log, "state": "DONE"}
    error = json.loads(scheduler.fetch_error(task["id"])["error"] or '""')
    status = re.fullmatch(r"exit (-?\d+)", error)
    return {
        "run_id": task["id"], "exit": int(status[1]) if status else None, "log": log,
        "state": f"{task['status']}: {error}",
    }  # fmt: skip


def _request(ctx, request):
    """What to run, in a file for us alone: environments hold secrets, and the scheduler shows parameters."""
    file = ctx.dir / f"job-{os.urandom(8).hex()}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(request, stream)
    return file


def _finished(ctx, scheduler, us, task_id):
    while ctx.left > 5:
        scheduler.ping(worker=us)
        ((known, task),) = scheduler.dep_graph(task_id).items()
        if task["status"] in _TERMINAL:
            return task | {"id": known}
        time.sleep(0.2)
    raise TimeoutError(f"task {task_id} is still {task['status']}")
