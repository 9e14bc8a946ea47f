"""A model's way from the orchestrator through tracking into the registry, as several pipelines go it."""

from pathlib import Path

from layer_checks import models
from stackwright.smoke.pipeline import Evidence, expect, job_result
from stackwright.smoke.run import Run
from stackwright_job.exchange import sha256_of

_JOB = Path(__file__).with_name("train_job.py")


def by_job(run: Run, name: str, data: Path, target: str, seen: Path, *, form: str = "sklearn-skops") -> Evidence:
    """The orchestrator ran the training job, and tracking knows the model by that run; `_made` is what it made."""
    argv = run.jobs.command(_JOB, name, str(data), target, str(seen), form)
    done = run.layer("experiment-pipelines").run_job(name=name, argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    tags = run.layer("experiment-tracking").read_run(run_id=made["run_id"])["tags"]
    for tag, value in {"STACK_RUN_ID": done["run_id"], "STACK_MODEL_SHA256": made["sha256"]}.items():
        expect(tags.get(tag) == value, f"tag `{tag}` of the tracked run is {tags.get(tag)!r}, not {value!r}")
    shown = f"run {done['run_id'][:13]}, tracked as {made['run_id'][:12]}"
    return {"shown": shown, "run_id": done["run_id"], "sha256": made["sha256"], "_made": made}


def into_registry(run: Run, name: str, made: dict) -> dict:
    """The version it became, whose file is what was trained, byte for byte."""
    asked = {field: made[field] for field in ("run_id", "uri", "format", "sha256", "file")}
    registry = run.layer("model-registry")
    version = registry.register(name=name, model=asked)
    file = models.fetched(run, registry, name, version["version"])
    expect(sha256_of(file) == made["sha256"], f"version {version['version']} is not what was trained")
    return {"name": name, "format": made["format"], "file": file} | version
