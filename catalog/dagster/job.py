"""The job that Dagster runs for the stack: one command, in the environment its caller wrote down.

Dagster stores and shows a run's configuration, so what to run is in a JSON file, mode 0600, that `request`
names: {"argv": [...], "env": {...}, "cwd": "..."}. The answers are in Dagster: the output is the step's captured
log, the exit status of a failed command its failure's metadata.
"""

import json
import subprocess
from pathlib import Path

import dagster as dg


@dg.op(config_schema={"request": str})
def run(context):
    """Run the command to its end; a failed command fails the run."""
    job = json.loads(Path(context.op_config["request"]).read_text(encoding="utf-8"))
    # The orchestrator's id goes with the job: what it logs can be traced back to this run.
    env = {**job["env"], "STACK_RUN_ID": context.run_id}
    # Its standard output is this step's, which Dagster captures.
    done = subprocess.run(
        job["argv"], env=env, cwd=job["cwd"], stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        failed = f"the command exited with {done.returncode}"
        raise dg.Failure(failed, metadata={"exit": done.returncode}, allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)  # a run has a process of its own already
def job():
    """A command."""
    run()


defs = dg.Definitions(jobs=[job])
