"""The life of a model, through every layer: version, train, track, register, serve, watch.

Every step asserts something across tools; a step whose layer the stack does not have is skipped and says so.
"""

import csv
import json
from pathlib import Path

from stackwright.errors import StackError
from stackwright.smoke.pipeline import Evidence, NothingToCheck, Pipeline, UnmetError, expect, job_result
from stackwright.smoke.run import LayerVerbs, Run
from stackwright_job.entry import load_module
from stackwright_job.exchange import sha256_of

preparing = load_module(Path(__file__).with_name("prepare.py"), "stackwright_lifecycle_prepare")
PIPELINE = Pipeline("lifecycle")
MODEL = "wine"
TARGET = "cultivar"


@PIPELINE.step("data set versioned and read back", "data-versioning", each=True)
def version(run: Run) -> Evidence:
    """A version is what was committed, byte for byte, also when there is a later one."""
    data, versions = run.data / "wine.csv", run.layer("data-versioning")
    first = versions.commit(data_file=str(data), message="as published")["version"]
    later = run.dir / "later.csv"
    later.write_text("".join(data.read_text().splitlines(keepends=True)[:-1]))
    second = versions.commit(data_file=str(later), message="without the last row")["version"]
    expect(first != second, f"two data sets got one version, `{first}`")
    back = {name: versions.read(version=name)["file"] for name in (first, second)}
    expect(sha256_of(back[first]) == sha256_of(data), f"version `{first}` came back changed")
    expect(sha256_of(back[second]) == sha256_of(later), f"version `{second}` came back changed")
    shown = f"2 versions, {first[:12]} read back byte-identical"
    return {"shown": shown, "version": first, "sha256": sha256_of(data), "_file": back[first]}


@PIPELINE.step("rows written and read", "database", each=True)
def rows(run: Run) -> Evidence:
    """The rows that come back are the rows that went in."""
    sent = [{"id": number} | row for number, row in enumerate(_records(run.data / "wine.csv"))]
    run.layer("database").write_rows(table="stack_smoke", rows=sent)
    back = sorted(run.layer("database").read_rows(table="stack_smoke")["rows"], key=lambda row: row["id"])
    expect(back == sent, f"{len(sent)} rows were written, {len(back)} read, and they differ")
    return {"shown": f"{len(back)} rows equal", "rows": len(back)}


@PIPELINE.step("object stored and fetched", "storage", each=True)
def store(run: Run) -> Evidence:
    """The object that comes back is the object that went in, and is listed."""
    data, storage, key = run.data / "wine.csv", run.layer("storage"), "stack-smoke/wine.csv"
    storage.put(key=key, data_file=str(data))
    keys = storage.list(prefix="stack-smoke/")["keys"]
    expect(key in keys, f"`{key}` was stored and is not listed")
    expect(sha256_of(storage.get(key=key)["file"]) == sha256_of(data), f"`{key}` came back changed")
    return {"shown": f"{data.stat().st_size:,} bytes equal", "sha256": sha256_of(data)}


@PIPELINE.step("data job run by the orchestrator", "data-pipelines", after=("version",), each=True)
def prepare(run: Run) -> Evidence:
    """The orchestrator's own execution runs the job, and what it read is what was versioned."""
    data = Path(run.results.get("version", {}).get("_file", run.data / "wine.csv"))
    train, held_out = run.dir / "prepared-train.csv", run.dir / "prepared-held-out.csv"
    argv = run.jobs.command(run.folder / "prepare.py", str(data), str(train), str(held_out))
    done = run.layer("data-pipelines").run_job(name="prepare", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    expect(made["data"] == sha256_of(run.data / "wine.csv"), "the job did not read what was versioned")
    expect(made["train"] == sha256_of(train), "the job's training rows are not where it was told to put them")
    shown = f"run {done['run_id']}, {made['rows']} rows checked and split"
    return {"shown": shown, "run_id": done["run_id"], "state": done["state"], "_files": (train, held_out)}


@PIPELINE.step(
    "training job run by the orchestrator",
    "experiment-pipelines", "compute-engine", "experiment-tracking", after=("version", "prepare"),
)  # fmt: skip
def train(run: Run) -> Evidence:
    """The orchestrator's own execution runs the job on the prepared data and saw it end well."""
    data, held_out = run.results["prepare"]["_files"] if "prepare" in run.results else _split_here(run)
    version = run.results.get("version", {}).get("version", "none")
    argv = run.jobs.command(run.folder / "train.py", str(data), str(held_out), version)
    done = run.layer("experiment-pipelines").run_job(name="train", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    shown = f"run {done['run_id']}, accuracy {made['model']['metrics']['accuracy']:.3f}"
    return {
        "shown": shown, "run_id": done["run_id"], "state": done["state"],
        "_made": made, "_data": data, "_held_out": held_out,
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
        asked = {field: made[which][field] for field in ("uri", "format", "sha256")}
        kept[which] = registry.register(name=MODEL, model=asked)
    expect(kept["model"]["version"] != kept["baseline"]["version"], "two models got one version")
    for which, version in kept.items():
        fetched = registry.fetch(name=MODEL, version=version["version"])
        expect(
            sha256_of(fetched["file"]) == made[which]["sha256"], f"version {version['version']} is not what was trained"
        )
    model = {"name": MODEL, "format": made["model"]["format"]} | kept["model"]
    shown = f"{MODEL} version {model['version']}, fetched byte-identical"
    return {"shown": shown, "model": model, "later": kept["baseline"]["version"]}


@PIPELINE.step("model served, predictions equal", "serving", needs=("register",), each=True)
def serve(run: Run) -> Evidence:
    """The registered version is the one served, although there is a later one: its predictions equal local ones."""
    serving, model, made = run.layer("serving"), run.results["register"]["model"], run.results["train"]["_made"]
    local, other = made["model"]["predictions"], made["baseline"]["predictions"]
    expect(local != other, "the two models predict the same: nothing could be told from predictions")
    seen = _records(run.results["train"]["_held_out"])
    deployed = serving.deploy(model=model)
    try:
        expect(
            deployed["version"] == model["version"], f"version {deployed['version']} is served, not {model['version']}"
        )
        served = serving.predict(url=deployed["url"], rows=seen)["predictions"]
    finally:
        serving.undeploy(url=deployed["url"])
    expect(not _answers(serving, deployed["url"], seen), "it is still served after it was undeployed")
    expect(served == local, f"{_differing(served, local)} of {len(local)} predictions differ from local ones")
    shown = f"version {model['version']}: {len(served)} predictions equal local ones"
    return {"shown": shown, "url": deployed["url"], "predictions": len(served)}


@PIPELINE.step("drift told from no drift", "monitoring", each=True)
def watch(run: Run) -> Evidence:
    """Data of the same kind is not flagged; data measured differently is."""
    reference, current, drifted = (run.dir / f"{name}.csv" for name in ("reference", "current", "drifted"))
    records = [
        {name: value for name, value in row.items() if name != TARGET} for row in _records(run.data / "wine.csv")
    ]
    later = records[::4]
    preparing.write(reference, [row for number, row in enumerate(records) if number % 4])
    preparing.write(current, later)
    preparing.write(drifted, [{name: value * 1.5 for name, value in row.items()} for row in later])
    same = run.layer("monitoring").observe(reference_file=str(reference), current_file=str(current))
    other = run.layer("monitoring").observe(reference_file=str(reference), current_file=str(drifted))
    expect(not same["drifted"], f"data of the same kind was flagged: {json.dumps(same['columns'])}")
    expect(other["drifted"], f"data measured half as much again was not flagged: {json.dumps(other['columns'])}")
    return {"shown": "drifted data flagged, undrifted not", "reports": [same["report"], other["report"]]}


def _split_here(run: Run) -> tuple[Path, Path]:
    """Where no data pipeline made them: the same rows, split by the same code."""
    data, held_out = run.dir / "train.csv", run.dir / "held-out.csv"
    preparing.split(Path(run.results.get("version", {}).get("_file", run.data / "wine.csv")), data, held_out)
    return data, held_out


def _records(file: Path) -> list[dict]:
    with file.open(newline="") as stream:
        return [
            {name: int(value) if name == TARGET else float(value) for name, value in record.items()}
            for record in csv.DictReader(stream)
        ]


def _answers(serving: LayerVerbs, url: str, rows: list[dict]) -> bool:
    try:
        return bool(serving.predict(url=url, rows=rows[:1])["predictions"])
    except StackError:
        return False


def _differing(served: list, local: list) -> int:
    return sum(a != b for a, b in zip(served, local, strict=False)) + abs(len(served) - len(local))
