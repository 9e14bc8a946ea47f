"""Makes the models that checks need, with what is in the stack's jobs environment: make_models.py KIND DATA FOLDER.

`wine`: two classifiers whose predictions differ, on three quarters of the rows; the others are the rows to predict.
`planted`: a regression in which one feature matters most by far. It says on its last line what it made.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

FORMAT = "sklearn-skops"
TARGET = "cultivar"


def main(kind: str, data: Path, folder: Path) -> dict:
    """Fit, save, predict."""
    from layer_checks import tables

    if kind == "planted":
        return _planted(folder)
    rows = tables.read(data)
    known = [row for number, row in enumerate(rows) if number % 4]
    seen = tables.without(rows[::4], TARGET)
    features, labels = [[*row.values()] for row in tables.without(known, TARGET)], [row[TARGET] for row in known]
    made = [_save(model.fit(features, labels), folder / f"wine-{n}.skops", seen) for n, model in enumerate(_two(), 1)]
    return {"models": made, "rows": seen}


def _two() -> list:
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return [make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), DummyClassifier()]


def _planted(folder: Path) -> dict:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    draw = random.Random(7)
    rows = [{name: draw.gauss(0, 1) for name in ("noise", "planted", "weak", "other")} for _ in range(120)]
    values = [5 * row["planted"] + row["weak"] + draw.gauss(0, 0.1) for row in rows]
    model = make_pipeline(StandardScaler(), Ridge()).fit([[*row.values()] for row in rows], values)
    seen = rows[:40]
    return {"models": [_save(model, folder / "planted.skops", seen)], "rows": seen}


def _save(model, file: Path, seen: list[dict]) -> dict:
    import skops.io

    skops.io.dump(model, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    predictions = model.predict([[*row.values()] for row in seen]).tolist()
    return {"uri": file.as_uri(), "format": FORMAT, "sha256": digest, "file": str(file), "predictions": predictions}


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
