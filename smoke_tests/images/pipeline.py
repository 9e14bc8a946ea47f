"""Pictures instead of tables: stored, labeled, trained on, served and explained.

Handwritten digits, each a PNG of its own. What a person would say of them is what `labels.csv` says: the labels go
through the labeling tool, and the model learns from what comes out of that.
"""

import base64
import hashlib
from pathlib import Path

import png

from layer_checks import models, tables, trained
from stackwright.smoke.pipeline import Evidence, Pipeline, expect, job_result
from stackwright.smoke.run import Run

PIPELINE = Pipeline("images")
MODEL, SIDE, LABELED = "digits", 8, 60


@PIPELINE.step("pictures stored and fetched", "storage")
def store(run: Run) -> Evidence:
    """Every picture that comes back is the picture that went in, and all are listed."""
    storage, prefix = run.layer("storage"), f"stack-smoke/images-{run.word}/"
    pictures = _cut(run)
    for picture in pictures:
        storage.put(key=f"{prefix}{picture.name}", data_file=str(picture))
    keys = storage.list(prefix=prefix)["keys"]
    expect(sorted(keys) == [f"{prefix}{p.name}" for p in pictures], f"{len(pictures)} are stored, {len(keys)} listed")
    for picture in pictures:
        back = Path(storage.get(key=f"{prefix}{picture.name}")["file"]).read_bytes()
        expect(back == picture.read_bytes(), f"{picture.name} came back changed")
        picture.write_bytes(back)  # from here on, what the storage gave
    return {"shown": f"{len(pictures)} pictures equal", "prefix": prefix}


@PIPELINE.step("pictures labeled", "labeling", after=("store",))
def label(run: Run) -> Evidence:
    """A person sees each picture and says what it is; what is exported is that."""
    labeling, project, truth = run.layer("labeling"), f"digits {run.word}", _truth(run)
    pictures = _cut(run)[:LABELED]
    items = [{"name": p.name, "image": f"data:image/png;base64,{_text(p)}"} for p in pictures]
    choices = sorted(set(truth.values()))
    tasks = labeling.create_tasks(project=project, items=items, labels=choices)["tasks"]
    expect(len(set(tasks)) == len(items), f"{len(items)} pictures were put up, and there are {len(set(tasks))} tasks")
    for task, picture in zip(tasks, pictures, strict=True):
        labeling.submit_label(task=task, label=truth[picture.name])
    rows = labeling.export(project=project)["rows"]
    found = {row["name"]: row["label"] for row in rows}
    wrong = [p.name for p in pictures if found.get(p.name) != truth[p.name]]
    expect(
        not wrong and len(rows) == len(items), f"{len(rows)} rows exported; labeled otherwise: {', '.join(wrong[:5])}"
    )
    changed = [row["name"] for row in rows if row["image"] not in {item["image"] for item in items}]
    expect(not changed, f"exported with another picture than was put up: {', '.join(changed[:5])}")
    return {"shown": f"{len(found)} pictures labeled, {len(choices)} kinds", "project": project, "_labels": found}


@PIPELINE.step("pictures made rows by the orchestrator", "data-pipelines", after=("store", "label"))
def prepare(run: Run) -> Evidence:
    """The job read the very pictures that the storage gave, and all that were labeled."""
    pictures = _cut(run)
    labels = run.results["label"]["_labels"] if "label" in run.results else _truth(run)
    known = {picture.name for picture in pictures[:LABELED]}
    rows = [{"image": p.name, "label": labels[p.name] if p.name in known else ""} for p in pictures]
    asked = tables.write(run.dir / "asked.csv", rows)
    train, seen = run.dir / "pixels-train.csv", run.dir / "pixels-seen.csv"
    argv = run.jobs.command(run.folder / "prepare.py", *map(str, (pictures[0].parent, asked, train, seen)))
    done = run.layer("data-pipelines").run_job(name="prepare-images", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    made = job_result(done["log"])
    together = hashlib.sha256(b"".join(picture.read_bytes() for picture in pictures)).hexdigest()
    expect(made["images"] == together, "the job did not read the pictures that the storage gave")
    expect(made["labeled"] == LABELED, f"{LABELED} pictures are labeled, the job saw {made['labeled']}")
    shown = f"run {done['run_id'][:13]}, {made['labeled']} rows to learn from, {made['asked']} to predict"
    truth = [int(_truth(run)[picture.name]) for picture in pictures[LABELED:]]
    return {"shown": shown, "run_id": done["run_id"], "_train": train, "_seen": seen, "_truth": truth}


@PIPELINE.step(
    "model trained and registered",
    "experiment-pipelines", "experiment-tracking", "model-registry", needs=("prepare",),
)  # fmt: skip
def train(run: Run) -> Evidence:
    """A job learns from the labels; what the registry has is what it made."""
    prepared = run.results["prepare"]
    job = trained.by_job(run, MODEL, prepared["_train"], "label", prepared["_seen"])
    return job | {"_model": trained.into_registry(run, MODEL, job["_made"])}


@PIPELINE.step("pictures recognised by what is served", "serving", needs=("train",), each=True)
def serve(run: Run) -> Evidence:
    """Nearly all pictures that it never saw are recognised, and exactly as locally."""
    prepared, made = run.results["prepare"], run.results["train"]["_made"]
    rows = tables.read(prepared["_seen"])
    evidence = models.served(run, run.results["train"]["_model"], rows, made["predictions"])
    right = sum(a == b for a, b in zip(made["predictions"], prepared["_truth"], strict=True))
    expect(right >= 0.9 * len(rows), f"only {right} of {len(rows)} pictures were recognised")
    return evidence | {"shown": f"{right} of {len(rows)} pictures recognised, as locally"}


@PIPELINE.step("recognition explained by pixels", "explainability", needs=("train",), each=True)
def explain(run: Run) -> Evidence:
    """Each prediction is told in full, pixel by pixel, and it is no blank pixel that matters most."""
    rows, made = tables.read(run.results["prepare"]["_seen"])[:8], run.results["train"]["_made"]
    evidence = models.explained(run, run.results["train"]["_model"]["file"], rows, made["predictions"][:8])
    first = evidence["ranking"][0]
    expect(len({row[first] for row in rows}) > 1, f"`{first}` is the same in all pictures, and is said to matter most")
    return evidence | {"shown": f"{len(rows)} predictions add up over {SIDE * SIDE} pixels; most by {first}"}


def _cut(run: Run) -> list[Path]:
    """The pictures, each in a file of its own; cut once a run."""
    folder = run.dir / "pictures"
    if not folder.exists():
        folder.mkdir()
        sheet = png.read((run.data / "digits.png").read_bytes())
        across = len(sheet[0]) // SIDE
        for number, name in enumerate(_truth(run)):
            top, left = SIDE * (number // across), SIDE * (number % across)
            rows = [row[left : left + SIDE] for row in sheet[top : top + SIDE]]
            (folder / name).write_bytes(png.written(rows))
    return sorted(folder.iterdir())


def _truth(run: Run) -> dict[str, str]:
    return {row["image"]: str(row["label"]) for row in tables.read(run.data / "labels.csv")}


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
