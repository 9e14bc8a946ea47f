"""Optuna's verb: a search whose trials go to the shared storage, and a model of the best of them."""

import os
import uuid
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the trials are what is spread

import numpy
import optuna
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score, train_test_split

from stackwright_job import http

_TRIALS = 12
optuna.logging.set_verbosity(optuna.logging.WARNING)


def train(ctx, data_file, target, workers):
    """The forest of the best trial, its accuracy on a fourth of the rows; the trials are counted by the dashboard."""
    table = numpy.genfromtxt(data_file, delimiter=",", names=True, encoding="utf-8")
    rows = numpy.column_stack([table[name] for name in table.dtype.names if name != target])
    seen, held_out, known, wanted = train_test_split(rows, table[target].astype(int), random_state=0)

    def accuracy(trial):
        how = {"max_depth": trial.suggest_int("max_depth", 1, 8), "max_features": trial.suggest_float("share", 0.1, 1)}
        return cross_val_score(_forest(**how), seen, known, cv=3).mean()

    sampler = optuna.samplers.TPESampler(seed=0)
    name = f"stack-smoke-{uuid.uuid4().hex}"
    study = optuna.create_study(
        storage=ctx.needs["trials"]["url"], study_name=name, direction="maximize", sampler=sampler
    )
    study.optimize(accuracy, n_trials=_TRIALS, n_jobs=workers)
    best = study.best_params
    model = _forest(max_depth=best["max_depth"], max_features=best["share"]).fit(seen, known)
    file = Path(ctx.dir) / "model.skops"
    skops.io.dump(model, file)
    metrics = {"accuracy": float(model.score(held_out, wanted)), "trials": _shown(ctx, name)}
    return {"model_file": str(file), "metrics": metrics}


def _forest(**how):
    return RandomForestClassifier(n_estimators=20, random_state=0, **how)


def _shown(ctx, name):
    url = f"{ctx.endpoints['dashboard']['url']}/api/studies"
    (study,) = [s["study_id"] for s in http.call("GET", url)["study_summaries"] if s["study_name"] == name]
    return len(http.call("GET", f"{url}/{study}")["trials"])
