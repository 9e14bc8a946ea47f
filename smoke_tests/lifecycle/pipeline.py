"""The life of a model, through every layer: ingest, validate, version, features, train, track, register, serve, watch.

Every step asserts something across tools; a step whose layer the stack does not have is skipped and says so.
"""

from pathlib import Path

import prepare as preparing

from layer_checks import data, features, models, tables, watching
from stackwright.smoke.pipeline import Evidence, NothingToCheck, Pipeline, UnmetError, expect, job_result
from stackwright.smoke.run import Run
from stackwright_job.exchange import sha256_of

PIPELINE = Pipeline("lifecycle")
MODEL = "wine"
TARGET = "cultivar"


def _published(run: Run) -> Path:
    return run.data / "wine.csv"


@PIPELINE.step("object stored and fetched", "storage", each=True)
def store(run: Run) -> Evidence:
    """The data is ingested: the object that comes back is the object that went in, and is listed."""
    return data.storage_list(run, _published(run)) | data.storage(run, _published(run))


@PIPELINE.step("good data told from bad", "data-quality", after=("store",), each=True)
def validate(run: Run) -> Evidence:
    """The data passes; with a planted mistake it fails, and the mistake's column is named."""
    return data.data_quality(run, _published(run))


@PIPELINE.step("data set versioned and read back", "data-versioning", after=("validate",), each=True)
def version(run: Run) -> Evidence:
    """A version is what was committed, byte for byte, also when there is a later one."""
    return data.data_versioning(run, _published(run))


@PIPELINE.step("rows written and read", "database", each=True)
def rows(run: Run) -> Evidence:
    """The rows that come back are the rows that went in."""
    return data.database(run, _published(run))


@PIPELINE.step("data job run by the orchestrator", "data-pipelines", after=("version",), each=True)
def prepare(run: Run) -> Evidence:
    """The orchestrator's own execution runs the job, and what it read is what was versioned."""
    train, held_out = run.dir / "prepared-train.csv", run.dir / "prepared-held-out.csv"
    argv = run.jobs.command(run.folder / "prepare.py", str(_versioned(run)), str(train), str(held_out))
    done = run.layer("data-pipelines").run_job(name="prepare", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    expect(made["data"] == sha256_of(_published(run)), "the job did not read what was versioned")
    expect(made["train"] == sha256_of(train), "the job's training rows are not where it was told to put them")
    shown = f"run {done['run_id']}, {made['rows']} rows checked and split"
    return {"shown": shown, "run_id": done["run_id"], "state": done["state"], "_files": (train, held_out)}


@PIPELINE.step("features served online", "feature-store", after=("prepare",), each=True)
def serve_features(run: Run) -> Evidence:
    """What is served online is what was computed offline: the rows that the model will be asked about."""
    computed = tables.read(_split(run)[1])
    return features.served_online(run, computed) | {"shown": f"{len(computed)} rows online as computed"}


@PIPELINE.step(
    "training job run by the orchestrator",
    "experiment-pipelines", "compute-engine", "experiment-tracking", after=("version", "prepare"),
)  # fmt: skip
def train(run: Run) -> Evidence:
    """The orchestrator's own execution runs the job on the prepared data and saw it end well."""
    rows, held_out = _split(run)
    version = run.results.get("version", {}).get("version", "none")
    argv = run.jobs.command(run.folder / "train.py", str(rows), str(held_out), version)
    done = run.layer("experiment-pipelines").run_job(name="train", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    shown = f"run {done['run_id']}, accuracy {made['model']['metrics']['accuracy']:.3f}"
    return {
        "shown": shown, "run_id": done["run_id"], "state": done["state"],
        "_made": made, "_data": rows, "_held_out": held_out,
    }  # fmt: skip


@PIPELINE.step("folds spread over workers", "compute-engine", needs=("train",))
def spread(run: Run) -> Evidence:
    """The job's folds ran on the engine's own workers, on more than one where there are several."""
    did, there = set(run.results["train"]["_made"]["workers"]), set(run.layer("compute-engine").workers()["ids"])
    expect(did <= there, f"the job says {sorted(did)} did the work, the engine has {sorted(there)}")
    expect(len(did) >= min(2, len(there)), f"of {len(there)} workers only {len(did)} did any work")
    return {"shown": f"{len(did)} of {len(there)} workers did work", "workers": sorted(did)}


@PIPELINE.step("run found in tracking", "experiment-tracking", needs=("train", "spread"))
def track(run: Run) -> Evidence:
    """The run carries the orchestrator's run, the engine's workers, the data's version, and what was trained."""
    made, job = run.results["train"]["_made"]["model"], run.results["train"]
    found = run.layer("experiment-tracking").read_run(run_id=made["run_id"])
    wanted = {
        "STACK_RUN_ID": job["run_id"],
        "STACK_WORKERS": ",".join(run.results["spread"]["workers"]),
        "STACK_DATA_SHA256": sha256_of(job["_data"]),
        "STACK_MODEL_SHA256": made["sha256"],
    }
    if "version" in run.results:
        wanted["STACK_DATA_VERSION"] = run.results["version"]["version"]
    for tag, value in wanted.items():
        expect(found["tags"].get(tag) == value, f"tag `{tag}` is {found['tags'].get(tag)!r}, not {value!r}")
    expect(float(found["metrics"]["accuracy"]) == made["metrics"]["accuracy"], "the accuracy is not what the job had")
    expect(float(found["params"]["C"]) == made["params"]["C"], "the parameter is not what the job had")
    expect(made["uri"] in found["artifacts"], f"the run has no artifact `{made['uri']}`")
    return {"shown": f"run {made['run_id']} carries orchestrator and workers", "run_id": made["run_id"], "tags": wanted}


@PIPELINE.step("artifact found in object storage", "experiment-tracking", "storage", needs=("track",))
def artifact(run: Run) -> Evidence:
    """What lies in tracking's own bucket, seen with tracking's own key, has the hash of what was trained."""
    stores = run.stores_of("experiment-tracking")
    if not stores:
        raise NothingToCheck("the tracking server does not keep its files in this stack's storage")
    made = run.results["train"]["_made"]["model"]
    name = made["uri"].rsplit("/", 1)[-1]
    for storage in stores:
        keys = [key for key in storage.list(prefix="")["keys"] if key.endswith(f"/{name}")]
        # Where the store's keys tell runs apart, the artifact of another run cannot stand in for this one's.
        keys = [key for key in keys if made["run_id"] in key] or keys
        for key in keys:
            if sha256_of(storage.get(key=key)["file"]) == made["sha256"]:
                return {"shown": f"sha256 {made['sha256'][:12]} as trained", "key": key, "sha256": made["sha256"]}
    raise UnmetError(f"no object `{name}` of this run has the hash {made['sha256']} of what was trained")


@PIPELINE.step("model registered and fetched", "model-registry", needs=("track",))
def register(run: Run) -> Evidence:
    """The version fetched from the registry is what was trained, byte for byte, also when there is a later one."""
    made, registry = run.results["train"]["_made"], run.layer("model-registry")
    kept = {}
    for which in ("model", "baseline"):
        asked = {field: made[which][field] for field in ("run_id", "uri", "format", "sha256", "file")}
        kept[which] = registry.register(name=MODEL, model=asked)
    expect(kept["model"]["version"] != kept["baseline"]["version"], "two models got one version")
    files = {which: models.fetched(run, registry, MODEL, kept[which]["version"]) for which in kept}
    for which, file in files.items():
        same = sha256_of(file) == made[which]["sha256"]
        expect(same, f"version {kept[which]['version']} is not what was trained")
    model = {"name": MODEL, "format": made["model"]["format"], "file": files["model"]} | kept["model"]
    shown = f"{MODEL} version {model['version']}, fetched byte-identical"
    return {"shown": shown, "model": model, "later": kept["baseline"]["version"]}


@PIPELINE.step("registered model is clean", "security", needs=("register",), each=True)
def scan(run: Run) -> Evidence:
    """The file that the registry gives out is safe; a file that does harm would be found."""
    model = run.results["register"]["model"]
    return models.security(run, clean={f"{MODEL} version {model['version']}": model["file"]})


@PIPELINE.step("model served, predictions equal", "serving", needs=("register",), after=("scan",), each=True)
def serve(run: Run) -> Evidence:
    """The registered version is the one served, although there is a later one: its predictions equal local ones."""
    made = run.results["train"]["_made"]
    local, other = made["model"]["predictions"], made["baseline"]["predictions"]
    expect(local != other, "the two models predict the same: nothing could be told from predictions")
    computed = tables.read(run.results["train"]["_held_out"])
    # Where there is a feature store, it is asked for the features, as whoever wants a prediction would.
    seen = run.results.get("serve_features", {}).get("_rows", computed)
    return models.served(run, run.results["register"]["model"], seen, local)


@PIPELINE.step("drift told from no drift", "monitoring", each=True)
def watch(run: Run) -> Evidence:
    """Data of the same kind is not flagged; data measured differently is."""
    return watching.monitoring(run, _published(run), TARGET)


@PIPELINE.step("predictions explained", "explainability", needs=("register",), each=True)
def explain(run: Run) -> Evidence:
    """What the registered model predicts is told in full by what each feature contributes."""
    held_out = tables.read(run.results["train"]["_held_out"])
    predictions = run.results["train"]["_made"]["model"]["predictions"]
    return models.explained(run, run.results["register"]["model"]["file"], held_out[:20], predictions[:20])


def _versioned(run: Run) -> Path:
    """The data as it was read back from its version; as it was published where nothing versions it."""
    return Path(run.results.get("version", {}).get("_file", _published(run)))


def _split(run: Run) -> tuple[Path, Path]:
    """The prepared rows and those held out; where no data pipeline made them, by the same code."""
    if "prepare" in run.results:
        train, held_out = run.results["prepare"]["_files"]
    else:
        train, held_out = run.dir / "train.csv", run.dir / "held-out.csv"
        preparing.split(_versioned(run), train, held_out)
    return train, held_out
