"""Metaflow's verb: a run of flow.py by its own command, read back with its own client."""

import json
import os
import subprocess
import sys
from pathlib import Path


def run_job(ctx, name, argv, env, cwd):
    """Run a command as a Metaflow run; id, exit, log and state are what Metaflow recorded."""
    request = _request(ctx, {"argv": argv, "env": env, "cwd": cwd})
    said = request.with_suffix(".run")
    command = [sys.executable, str(Path(__file__).with_name("flow.py")), "--no-pylint", "run", f"--tag=job:{name}"]
    command += [f"--request={request}", f"--run-id-file={said}"]
    try:
        done = subprocess.run(
            command, env={**os.environ, **ctx.env}, cwd=ctx.dir, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=max(1, ctx.left - 5), check=False,
        )  # fmt: skip
        if not said.exists():
            raise RuntimeError(f"Metaflow started no run: {(done.stdout + done.stderr)[-1500:]}")
        return _recorded(ctx, f"Job/{said.read_text().strip()}")
    finally:
        request.unlink()
        said.unlink(missing_ok=True)


def _recorded(ctx, pathspec):
    os.environ.update(ctx.env)  # read when the client is imported
    from metaflow import Run, namespace

    namespace(None)  # every user's runs
    run = Run(pathspec)
    ran = run["start"].task
    state = "successful" if run.successful else "failed"
    # Its client shows what the records of a run say; a task that failed has no artifact.
    exit_status = ran.data.exit if ran.successful else None
    return {"run_id": run.pathspec, "exit": exit_status, "log": ran.stdout, "state": state}


def _request(ctx, request):
    """What to run, in a file for us alone: environments hold secrets, and Metaflow keeps parameters."""
    file = ctx.dir / f"job-{os.urandom(8).hex()}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(request, stream)
    return file
