"""Every layer in one small tool that keeps its things in a folder, and that tells the lie it is told to tell."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

print("a chatty library", flush=True)  # noqa: T201
os.write(1, b"and one that does not use sys.stdout\n")


def lies(ctx, lie):
    return ctx.endpoints["main"].get("lie") == lie


def root(ctx):
    return Path(ctx.endpoints["main"]["root"])


def keep(file, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)
    return to


def digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


# data-versioning
def commit(ctx, data_file, message):
    version = "same" if lies(ctx, "one version for all") else digest(data_file)
    keep(data_file, root(ctx) / "versions" / version)
    keep(data_file, root(ctx) / "versions" / "latest")
    return {"version": version}


def read(ctx, version):
    version = "latest" if lies(ctx, "reads the latest version") else version
    return {"file": str(keep(root(ctx) / "versions" / version, ctx.dir / version))}


# database
def write_rows(ctx, table, rows):
    rows = rows[:-1] if lies(ctx, "loses a row") else rows
    (root(ctx) / table).write_text(json.dumps(rows))


def read_rows(ctx, table):
    rows = json.loads((root(ctx) / table).read_text())
    return {"rows": [row | {"ash": 0.0} for row in rows] if lies(ctx, "changes a column") else rows}


# storage
def put(ctx, key, data_file):
    file = keep(data_file, root(ctx) / "objects" / key)
    if lies(ctx, "cuts an object"):
        file.write_bytes(file.read_bytes()[:-1])


def get(ctx, key):
    return {"file": str(keep(root(ctx) / "objects" / key, ctx.dir / "object"))}


def list(ctx, prefix=""):
    objects = root(ctx) / "objects"
    keys = [str(file.relative_to(objects)) for file in objects.rglob("*") if file.is_file()]
    return {"keys": [] if lies(ctx, "lists nothing") else [key for key in keys if key.startswith(prefix)]}


# data-pipelines, experiment-pipelines: `train` needs scikit-learn, so the orchestrator makes up what it would say
def run_job(ctx, name, argv, env, cwd):
    run_id = f"run-{time.monotonic_ns()}"
    if lies(ctx, f"{name} fails"):
        return {"run_id": run_id, "exit": 3, "log": "Traceback: boom", "state": "FAILED: exit 3"}
    if lies(ctx, f"{name} says nothing"):
        return {"run_id": run_id, "exit": 0, "log": "fine", "state": "COMPLETED"}
    if name == "train":
        log = json.dumps(trained(ctx, run_id, argv, cwd))
    else:
        argv = [*argv[:2], write_other(ctx, argv[2]), *argv[3:]] if lies(ctx, "prepares other data") else argv
        done = subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, check=True)
        log = done.stdout
    return {"run_id": run_id, "exit": 0, "log": "some talk\n" + log, "state": "COMPLETED"}


def write_other(ctx, data):
    other = ctx.dir / "other.csv"
    other.write_text("".join(Path(data).read_text().splitlines(keepends=True)[:-1]))
    return str(other)


def trained(ctx, run_id, argv, cwd):
    data, held_out, version = argv[2:5]
    workers = ["ghost"] if lies(ctx, "invents a worker") else ["w1", "w1"] if lies(ctx, "one worker") else ["w1", "w2"]
    made = {"workers": workers}
    for which, prediction in (("model", 1), ("baseline", 0)):
        file = ctx.dir / which / "model.bin"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{which} {prediction}")
        tags = {
            "STACK_RUN_ID": "another run" if lies(ctx, "tags another run") else run_id,
            "STACK_WORKERS": "w9" if lies(ctx, "tags other workers") else ",".join(sorted(set(workers))),
            "STACK_DATA_SHA256": digest(data),
            "STACK_DATA_VERSION": version,
            "STACK_MODEL_SHA256": digest(file),
        }
        made[which] = {"format": "text", "sha256": digest(file), "params": {"C": 1.0}, "metrics": {"accuracy": 0.9}}
        made[which] |= log_run(ctx, "x", made[which]["params"], made[which]["metrics"], tags, [str(file)])
        made[which] |= {"uri": made[which]["artifacts"][0]}
        made[which]["predictions"] = [prediction] * (len(Path(held_out).read_text().splitlines()) - 1)
    return made


# compute-engine
def workers(ctx):
    return {"ids": ["w1", "w2", "w3"]}


# experiment-tracking: its artifacts go to the bucket `objects` of the folder
def log_run(ctx, name, params, metrics, tags, artifact_files):
    run_id = f"t{time.monotonic_ns()}"
    paths = [f"runs/{run_id}/{Path(file).name}" for file in artifact_files]
    for path, file in zip(paths, artifact_files, strict=True):
        kept = keep(file, root(ctx) / "objects" / path)
        if lies(ctx, "stores another artifact"):
            kept.write_text("something else")
    params = {"C": 2.0} if lies(ctx, "changes a parameter") else params
    metrics = {"accuracy": 1.0} if lies(ctx, "changes a metric") else metrics
    found = {"params": params, "metrics": metrics, "tags": tags, "artifacts": paths}
    (root(ctx) / f"{run_id}.json").write_text(json.dumps(found))
    return {"run_id": run_id, "artifacts": paths}


def read_run(ctx, run_id):
    found = json.loads((root(ctx) / f"{run_id}.json").read_text())
    return found | ({"artifacts": []} if lies(ctx, "forgets artifacts") else {})


# model-registry
def register(ctx, name, model):
    models = root(ctx) / "models" / name
    models.mkdir(parents=True, exist_ok=True)
    version = "1" if lies(ctx, "registers over a version") else str(len(sorted(models.iterdir())) + 1)
    keep(root(ctx) / "objects" / model["uri"], models / version)
    return {"version": version, "uri": f"{name}/{version}", "sha256": model["sha256"]}


def fetch(ctx, name, version):
    models = root(ctx) / "models" / name
    version = max(p.name for p in models.iterdir()) if lies(ctx, "fetches the latest") else version
    file = keep(models / version, ctx.dir / "fetched")
    return {"file": str(file), "sha256": digest(file)}


# serving
def deploy(ctx, model):
    models = root(ctx) / "models" / model["name"]
    served = max(p.name for p in models.iterdir()) if lies(ctx, "serves the latest") else model["version"]
    keep(models / served, root(ctx) / "served")
    return {"url": "fake://served", "version": "7" if lies(ctx, "serves version 7") else model["version"]}


def predict(ctx, url, rows):
    prediction = int((root(ctx) / "served").read_text().split()[1])
    return {"predictions": [prediction + lies(ctx, "predicts something else")] * len(rows)}


def undeploy(ctx, url):
    if not lies(ctx, "serves on"):
        (root(ctx) / "served").unlink()


# monitoring
def observe(ctx, reference_file, current_file):
    drifted = Path(current_file).name == "drifted.csv"
    drifted = (drifted or lies(ctx, "flags everything")) and not lies(ctx, "flags nothing")
    return {"drifted": drifted, "columns": {}, "report": "fake://report"}


# what workers can do wrong
def sleeps(ctx):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (root(ctx) / "child").write_text(str(child.pid))
    time.sleep(600)


def dies(ctx):
    os._exit(9)


def raises(ctx):
    raise ValueError(f"no luck with {ctx.endpoints['main']['password']}")


def tells(ctx, value=None):
    return {"environment": dict(os.environ), "argv": sys.orig_argv, "value": value, "needs": ctx.needs, "env": ctx.env}
