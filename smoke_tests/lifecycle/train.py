"""The training job: folds on the compute engine, the model to tracking; it says what it made on its last line.

train.py DATA HELD_OUT VERSION: rows of the versioned data, rows to predict, and the version's name.
The orchestrator sets STACK_RUN_ID; which tools answer is none of this job's business.
"""

import csv
import hashlib
import json
import os
import sys
from pathlib import Path

import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stackwright_job import layer

CANDIDATES = (0.01, 0.1, 1.0, 10.0)
FOLDS = 3
TARGET = "cultivar"


def main(data: Path, held_out: Path, version: str) -> dict:
    """Choose, train, log; what was made, with hashes."""
    rows, labels = read(data)
    seen, _ = read(held_out)
    scores, workers = choose(rows, labels)
    best = max(scores, key=scores.get)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=best, max_iter=1000)).fit(rows, labels)
    baseline = DummyClassifier(strategy="most_frequent").fit(rows, labels)
    tags = {
        "STACK_RUN_ID": os.environ["STACK_RUN_ID"],
        "STACK_WORKERS": ",".join(sorted(set(workers))),
        "STACK_DATA_VERSION": version,
        "STACK_DATA_SHA256": sha256(data),
    }
    told = {"tags": tags, "seen": seen}
    return {
        "workers": workers,
        "model": log(model, "model", params={"C": best}, metrics={"accuracy": scores[best]}, **told),
        "baseline": log(baseline, "baseline", params={"strategy": "most_frequent"}, metrics={}, **told),
    }


def read(file: Path) -> tuple[list[list[float]], list[int]]:
    """Rows and labels; no labels where the file has none."""
    with file.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    labels = [int(record.pop(TARGET)) for record in records if TARGET in record]
    return [[float(value) for value in record.values()] for record in records], labels


def choose(rows: list, labels: list) -> tuple[dict[float, float], list[str]]:
    """Each candidate's mean accuracy, and the worker that scored each fold."""
    items = [
        {"C": C, "fold": fold, "folds": FOLDS, "rows": rows, "labels": labels}
        for C in CANDIDATES
        for fold in range(FOLDS)
    ]
    done = layer("compute-engine").map(module=str(Path(__file__).with_name("folds.py")), function="score", items=items)
    scores: dict[float, list[float]] = {}
    for item, accuracy in zip(items, done["results"], strict=True):
        scores.setdefault(item["C"], []).append(accuracy)
    return {C: sum(found) / FOLDS for C, found in scores.items()}, done["workers"]


def log(model, name: str, *, params: dict, metrics: dict, tags: dict, seen: list) -> dict:
    """The model as a run in tracking, with what it predicts here: served predictions must equal these."""
    file = Path(name) / "model.skops"
    file.parent.mkdir(exist_ok=True)
    skops.io.dump(model, file)
    digest = sha256(file)
    logged = layer("experiment-tracking").log_run(
        name="wine", params=params, metrics=metrics, tags=tags | {"STACK_MODEL_SHA256": digest},
        artifact_files=[str(file)],
    )  # fmt: skip
    return {
        "run_id": logged["run_id"], "uri": logged["artifacts"][0], "format": "sklearn-skops", "sha256": digest,
        "file": str(file.resolve()),
        "params": params, "metrics": metrics, "predictions": model.predict(seen).tolist(),
    }  # fmt: skip


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    made = main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    print(json.dumps(made))
