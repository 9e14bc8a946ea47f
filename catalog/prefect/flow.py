"""The flow that the worker runs for the stack: one command, in the environment its caller wrote down.

Prefect stores a flow run's parameters and logs, so the only parameter is the path of a JSON file, mode
0600, that holds the rest: {"argv": [...], "env": {...}, "cwd": "..."}. The answer goes beside it, to
`<path>.result`: {"run_id": "...", "exit": 0}; the command's output goes to `<path>.log`.
"""

import json
import os
import subprocess
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run


@flow(name="job", retries=0)
def run_job(request: str) -> int:
    """Run the command to its end; a failed command fails the flow run."""
    job = json.loads(Path(request).read_text(encoding="utf-8"))
    # The orchestrator's id goes with the job: what it logs can be traced back to this run.
    env = {**job["env"], "STACK_RUN_ID": str(flow_run.id)}
    with open(f"{request}.log", "wb", opener=private) as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        done = subprocess.run(job["argv"], env=env, cwd=job.get("cwd"), **streams)
    answer(request, {"run_id": str(flow_run.id), "exit": done.returncode})
    if done.returncode:
        raise RuntimeError(f"the command exited with {done.returncode}")
    return done.returncode


def private(path: str, flags: int) -> int:
    """Open for its owner only: a job's output may name what its environment holds."""
    return os.open(path, flags, 0o600)


def answer(request: str, result: dict) -> None:
    """In one step, so that whoever waits for the file never reads half of it."""
    with open(f"{request}.result.new", "w", encoding="utf-8", opener=private) as file:
        json.dump(result, file)
    os.replace(f"{request}.result.new", f"{request}.result")
