"""A model leaves the library that made it: a job trains it with scikit-learn and writes it as ONNX, and as that it is
tracked, registered, fetched, and served by whatever runs ONNX. The others hand on scikit-learn's own file.

The stack needs a registry and a serving tool that take the format `onnx`, and `skl2onnx` among its jobs' packages (the
serving tool `onnx` brings it).
"""

from pathlib import Path

from layer_checks import models, tables, trained
from stackwright.smoke.pipeline import Evidence, Pipeline, expect
from stackwright.smoke.run import Run

PIPELINE = Pipeline("exchange", data="../lifecycle/data")
MODEL, TARGET = "wine-onnx", "cultivar"


@PIPELINE.step("model trained and written as ONNX by a job", "experiment-pipelines", "experiment-tracking")
def train(run: Run) -> Evidence:
    """What the orchestrator's job wrote is ONNX and nothing of scikit-learn; tracking knows it by that run."""
    rows = tables.read(run.data / "wine.csv")
    known = tables.write(run.dir / "known.csv", [row for number, row in enumerate(rows) if number % 4])
    seen = tables.write(run.dir / "seen.csv", tables.without(rows[::4], TARGET))
    job = trained.by_job(run, MODEL, known, TARGET, seen, form="onnx")
    written = Path(job["_made"]["file"]).read_bytes()
    expect(b"skl2onnx" in written, "the job's file does not say, as an ONNX graph does, what it was made by")
    return job | {"_seen": seen}


@PIPELINE.step("ONNX registered and fetched", "model-registry", needs=("train",), each=True)
def register(run: Run) -> Evidence:
    """The version fetched from the registry is what was written, byte for byte, and still said to be ONNX."""
    model = trained.into_registry(run, MODEL, run.results["train"]["_made"])
    return {"shown": f"version {model['version']}, fetched byte-identical", "version": model["version"], "model": model}


@PIPELINE.step("ONNX served, predictions equal", "serving", needs=("register",), each=True)
def serve(run: Run) -> Evidence:
    """Over HTTP and without scikit-learn the model predicts what scikit-learn predicted in the job."""
    rows, local = tables.read(run.results["train"]["_seen"]), run.results["train"]["_made"]["predictions"]
    expect(len(set(local)) > 1, "the model predicts the same for everything: nothing could be told from predictions")
    return models.served(run, run.results["register"]["model"], rows, local)
