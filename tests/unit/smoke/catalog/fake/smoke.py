"""Every layer in one small tool that keeps its things in a folder, and that tells the lie it is told to tell."""

import contextlib
import csv
import hashlib
import io
import json
import os
import random
import shutil
import statistics
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
    elif Path(argv[1]).name == "train_job.py":
        log = json.dumps(fitted(ctx, run_id, *argv[2:7]))
    else:
        argv = [*argv[:2], write_other(ctx, argv[2]), *argv[3:]] if lies(ctx, "prepares other data") else argv
        env = env | {"STACK_RUN_ID": run_id}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(argv, env=env, cwd=cwd, text=True, check=False, **streams)
        log, status = done.stdout, done.returncode
        if status:
            status = 0 if lies(ctx, "swallows failures") else status
            state = "COMPLETED" if lies(ctx, "calls everything done") else f"FAILED: {status}"
            return {"run_id": run_id, "exit": status, "log": log, "state": state}
    return {"run_id": run_id, "exit": 0, "log": "some talk\n" + log, "state": "COMPLETED"}


def write_other(ctx, data):
    other = ctx.dir / "other.csv"
    other.write_text("".join(Path(data).read_text().splitlines(keepends=True)[:-1]))
    return str(other)


def fitted(ctx, run_id, name, data, target, seen, form):
    """What train_job.py would say, with a model of our own: the nearest mean, each column by its spread."""
    rows, asked = table(data), table(seen)
    columns = [column for column in rows[0] if column != target]
    spread = {c: statistics.pstdev([float(row[c]) for row in rows]) or 1.0 for c in columns}
    means = {
        label: {c: statistics.mean(float(row[c]) for row in rows if row[target] == label) for c in columns}
        for label in sorted({row[target] for row in rows})
    }
    if lies(ctx, "retrains on nothing new") and name == "retrain":
        means = json.loads((root(ctx) / "first.model").read_text())["means"]
    file = root(ctx) / f"{name}.model"
    writer = "us" if form != "onnx" or lies(ctx, "writes its own format") else "skl2onnx"
    file.write_text(json.dumps({"means": means, "spread": spread, "name": name, "producer": writer}))
    tags = {"STACK_RUN_ID": "x" if lies(ctx, "tags another run") else run_id, "STACK_MODEL_SHA256": digest(file)}
    logged = log_run(ctx, name, {}, {}, tags, [str(file)])
    found = {"uri": logged["artifacts"][0], "format": form, "sha256": digest(file), "file": str(file)}
    return found | {"run_id": logged["run_id"], "predictions": nearest(file, asked)}


def nearest(file, rows):
    model = json.loads(Path(file).read_text())

    def far(row, mean):
        return sum(((float(row[c]) - mean[c]) / model["spread"][c]) ** 2 for c in mean)

    return [int(min(model["means"], key=lambda label: far(row, model["means"][label]))) for row in rows]


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
        made[which] |= {"uri": made[which]["artifacts"][0], "file": str(file)}
        made[which]["predictions"] = [prediction] * (len(Path(held_out).read_text().splitlines()) - 1)
    return made


# compute-engine
def map(ctx, module, function, items):
    names = {}
    exec(Path(module).read_text(), names)
    results = [names[function](item) for item in items]
    who = ["w1"] if lies(ctx, "one worker") else ["w1", "w2"]
    return {
        "results": results[::-1] if lies(ctx, "mixes results up") else results,
        "workers": who * (len(items) // len(who)),
    }


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
    served = "1" if lies(ctx, "never moves") else served
    name = "one" if lies(ctx, "serves in place") else f"{model['name']}-{model['version']}"
    keep(models / served, root(ctx) / "served" / name)
    return {"url": f"fake://{name}", "version": "7" if lies(ctx, "serves version 7") else model["version"]}


def predict(ctx, url, rows):
    predictions = predicted(root(ctx) / "served" / url.removeprefix("fake://"), rows)
    return {"predictions": [each + lies(ctx, "predicts something else") for each in predictions]}


def predicted(file, rows):
    if file.read_text().startswith("{"):
        return nearest(file, rows)
    return [int(file.read_text().split()[1])] * len(rows)


def undeploy(ctx, url):
    if lies(ctx, "retires all"):
        shutil.rmtree(root(ctx) / "served")
    elif not lies(ctx, "serves on"):
        (root(ctx) / "served" / url.removeprefix("fake://")).unlink()


# monitoring
def observe(ctx, reference_file, current_file):
    drifted = Path(current_file).name in ("drifted.csv", "changed.csv")
    drifted = (drifted or lies(ctx, "flags everything")) and not lies(ctx, "flags nothing")
    return {"drifted": drifted, "columns": {}, "report": "fake://report"}


# data-quality and access-control
def check(ctx, data_file=None, rules=None, subject=None, action=None, object=None):
    if subject:
        may = {"trainer": [("read", "data"), ("write", "model")], "viewer": [("read", "data"), ("read", "model")]}
        allowed = (action, object.split("/")[0]) in may.get(subject, [])
        return {"allowed": (allowed or lies(ctx, "allows all")) and not lies(ctx, "forbids all")}
    failures = []
    for row in table(data_file):
        for column, value in row.items():
            if value == "" or not rules[column]["min"] <= float(value) <= rules[column]["max"]:
                named = "ash" if lies(ctx, "names another column") else column
                failures.append({"column": named, "rule": "range", "detail": value})
    failures = [] if lies(ctx, "finds all data good") else failures
    failures += [{"column": "hue"}] if lies(ctx, "finds good data bad") else []
    return {"passed": not failures, "failures": failures}


def table(file):
    with Path(file).open(newline="") as stream:
        return [*csv.DictReader(stream)]


# lineage-metadata and audit
def record(ctx, run=None, inputs=None, outputs=None, actor=None, action=None, object=None):
    book = root(ctx) / "records"
    records = json.loads(book.read_text()) if book.exists() else []
    records.append({"run": run, "in": inputs, "out": outputs, "actor": actor, "action": action, "object": object})
    book.write_text(json.dumps(records))
    return {"entry": "same" if lies(ctx, "one entry for all") else str(len(records))}


def trace(ctx, artefact):
    runs, open_ = [], [artefact]
    for done in reversed(json.loads((root(ctx) / "records").read_text())):
        if done["run"] and (set(open_) & set(done["out"]) or lies(ctx, "traces to every run")):
            runs.append(done["run"])
            open_ += [] if lies(ctx, "traces one step") else done["in"]
    return {"runs": runs}


def query(ctx, object):
    found = [r for r in json.loads((root(ctx) / "records").read_text()) if r["object"] == object]
    return {"entries": [r | ({"actor": "root"} if lies(ctx, "blames root") else {}) for r in found]}


# labeling
def create_tasks(ctx, project, items, labels):
    (root(ctx) / "tasks").write_text(json.dumps(items))
    return {"tasks": [str(number) for number in range(len(items))]}


def submit_label(ctx, task, label):
    items = json.loads((root(ctx) / "tasks").read_text())
    items[int(task)]["label"] = "good" if lies(ctx, "likes everything") else label
    (root(ctx) / "tasks").write_text(json.dumps(items))


def export(ctx, project):
    rows = json.loads((root(ctx) / "tasks").read_text())
    return {"rows": rows[1:] if lies(ctx, "loses an item") else rows}


# synthetic-data
def generate(ctx, sample_file, rows):
    sample = table(sample_file)
    names, draw = [*sample[0]], random.Random(1)
    made = [{name: draw.choice(sample)[name] for name in names} for _ in range(rows)]
    if lies(ctx, "copies the sample"):
        made = [draw.choice(sample) for _ in range(rows)]
    if lies(ctx, "makes a column up"):
        made = [row | {"hue": "1000"} for row in made]
    if lies(ctx, "makes too few"):
        made = made[1:]
    file = ctx.dir / "made.csv"
    file.write_text("\n".join([",".join(names), *(",".join(row.values()) for row in made)]) + "\n")
    return {"file": str(file)}


# feature-store
def materialize(ctx, features_file, entity, features):
    (root(ctx) / "features").write_text(json.dumps({"entity": entity, "rows": table(features_file)}))


def read_online(ctx, entities, features):
    return read_offline(ctx, entities, features, "2000" if lies(ctx, "serves no news") else "9999")


def read_offline(ctx, entities, features, at):
    kept = json.loads((root(ctx) / "features").read_text())
    at = "9999" if lies(ctx, "forgets the past") else at
    rows = []
    for entity in entities:
        own = [row for row in kept["rows"] if row[kept["entity"]] == entity]
        seen = [row for row in own if row["event_timestamp"] <= at] or own[:1]
        newest = max(seen, key=lambda row: row["event_timestamp"])
        rows.append({kept["entity"]: entity} | {name: float(newest[name]) for name in features})
    rows[0][features[0]] += lies(ctx, "rounds a feature")
    return {"rows": rows}


# training
def train(ctx, data_file, target, workers):
    (ctx.dir / "model.joblib").write_text("nothing" if lies(ctx, "writes no model") else "a model")
    accuracy = 0.4 if lies(ctx, "guesses") else 0.97
    return {"model_file": str(ctx.dir / "model.joblib"), "metrics": {"accuracy": accuracy}}


# alerting
def fire(ctx, name, labels):
    (root(ctx) / "alerts").write_text(json.dumps([{"name": name, "labels": labels}]))
    return {"alert_id": "1"}


def received(ctx, name):
    alerts = json.loads((root(ctx) / "alerts").read_text())
    alerts = alerts if lies(ctx, "delivers everything") else [a for a in alerts if a["name"] == name]
    return {"alerts": [a | ({"labels": {}} if lies(ctx, "drops labels") else {}) for a in alerts]}


def scrape(ctx):
    return {"metrics": {"up": "yes" if lies(ctx, "has words for numbers") else 1}}


# explainability: of the models made up here; everything is put down to the column that changes most
def explain(ctx, model_file, rows):
    names = sorted(rows[0], key=lambda name: min(row[name] for row in rows) - max(row[name] for row in rows))
    names = names[::-1] if lies(ctx, "ranks the blank first") else names
    base = 0.75 if lies(ctx, "does not add up") else 0.5
    parts = [dict.fromkeys(rows[0], 0.0) | {names[0]: each - 0.5} for each in predicted(Path(model_file), rows)]
    ranking = names[:-1] if lies(ctx, "forgets a feature") else names
    return {"attributions": parts, "base": base, "ranking": ranking}


# security
def scan(ctx, model_file):
    unsafe = b"system" in Path(model_file).read_bytes() and not lies(ctx, "finds nothing")
    unsafe = unsafe or lies(ctx, "finds harm everywhere")
    return {"safe": not unsafe, "findings": ["os.system"] if unsafe else []}


# notebooks
def run(ctx, notebook_file):
    notebook = json.loads(Path(notebook_file).read_text())
    outputs, names = [], {}
    cells = notebook["cells"][:-1] if lies(ctx, "runs all but one") else notebook["cells"]
    for number, cell in enumerate(cells, 1):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(cell["source"], names)
        outputs.append(said.getvalue())
        cell["execution_count"] = number
    file = ctx.dir / "ran.ipynb"
    file.write_text(json.dumps(notebook))
    return {"outputs": outputs, "file": str(file)}


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
