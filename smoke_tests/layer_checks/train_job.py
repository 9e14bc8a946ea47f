"""A job that fits a classifier and logs it to the stack's tracking: train_job.py NAME DATA TARGET SEEN FORMAT.

DATA has the target's column, SEEN the rows to predict; the model is written in FORMAT (`sklearn-skops` or `onnx`, which
takes skl2onnx). On its last line it says what it made. STACK_RUN_ID is set by whoever runs it, and goes with the model.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from layer_checks import tables
from stackwright_job import layer


def main(name: str, data: str, target: str, seen: str, form: str) -> dict:
    """Fit, log, predict."""
    rows, asked = tables.read(data), tables.read(seen)
    labels = [row[target] for row in rows]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit([[*row.values()] for row in tables.without(rows, target)], labels)
    file = WRITE[form](model, Path(name).resolve())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    logged = layer("experiment-tracking").log_run(
        name=name, params={"rows": len(rows)}, metrics={}, artifact_files=[str(file)],
        tags={"STACK_RUN_ID": os.environ["STACK_RUN_ID"], "STACK_MODEL_SHA256": digest},
    )  # fmt: skip
    return {
        "run_id": logged["run_id"], "uri": logged["artifacts"][0], "format": form, "sha256": digest,
        "file": str(file), "predictions": model.predict([[*row.values()] for row in asked]).tolist(),
    }  # fmt: skip


def _as_skops(model, stem: Path) -> Path:
    """As scikit-learn's own."""
    import skops.io

    file = stem.with_suffix(".skops")
    skops.io.dump(model, file)
    return file


def _as_onnx(model, stem: Path) -> Path:
    """As an ONNX graph of double precision, which predicts labels."""
    import numpy
    from skl2onnx import to_onnx

    file = stem.with_suffix(".onnx")
    graph = to_onnx(model, numpy.zeros((1, model.n_features_in_)), options={"zipmap": False})
    file.write_bytes(graph.SerializeToString())
    return file


WRITE = {"sklearn-skops": _as_skops, "onnx": _as_onnx}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:6])))
