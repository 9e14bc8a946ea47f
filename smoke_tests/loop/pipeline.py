"""The loop and not the line: drift is flagged → a job retrains → a second version is registered → serving moves to it
→ the first is retired. Each arrow is a step, and asserts what must hold of it.

The world changes under the first model: from then on every measurement is half as much again.
"""

from pathlib import Path

from layer_checks import models, tables, trained
from stackwright.smoke.pipeline import Evidence, Pipeline, expect
from stackwright.smoke.run import Run

PIPELINE = Pipeline("loop", data="../lifecycle/data")
MODEL, TARGET = "wine-loop", "cultivar"


@PIPELINE.step(
    "first version trained and served",
    "serving", "experiment-pipelines", "experiment-tracking", "model-registry",
)  # fmt: skip
def first(run: Run) -> Evidence:
    """Version one is served, and does well in the world that it knows."""
    known, seen, truth = _world(run, "known", 1.0)
    job = trained.by_job(run, "first", known, TARGET, seen)
    model = trained.into_registry(run, MODEL, job["_made"])
    url, served = _deployed(run, model, seen, job["_made"]["predictions"])
    right = _right(served, truth)
    expect(right >= 0.9, f"the first version is right about {right:.0%} of what it knows")
    shown = f"version {model['version']} served, right about {right:.0%}"
    return {"shown": shown, "version": model["version"], "url": url, "run_id": job["run_id"], "_model": model}


@PIPELINE.step("drift flagged, and only drift", "monitoring", needs=("first",))
def flag(run: Run) -> Evidence:
    """As long as the world is as it was, nothing is flagged; when it changes, it is, and the first version fails."""
    reference, same, changed = (run.dir / f"{name}.csv" for name in ("reference", "same", "changed"))
    rows = tables.without(tables.read(run.data / "wine.csv"), TARGET)
    tables.write(reference, [row for number, row in enumerate(rows) if number % 4])
    tables.write(same, rows[::4])
    tables.write(changed, _scaled(rows[::4], 1.5))
    watch = run.layer("monitoring")
    quiet = watch.observe(reference_file=str(reference), current_file=str(same))
    expect(not quiet["drifted"], "the world is as it was, and it was flagged")
    loud = watch.observe(reference_file=str(reference), current_file=str(changed))
    expect(loud["drifted"], "the world has changed, and it was not flagged")
    return {"shown": "no drift passed, drift flagged", "report": loud["report"], "_drifted": loud["drifted"]}


@PIPELINE.step("flagged drift retrains", "experiment-pipelines", "experiment-tracking", needs=("flag",))
def retrain(run: Run) -> Evidence:
    """A second run of the orchestrator trains on the changed world, because drift was flagged."""
    expect(run.results["flag"]["_drifted"], "nothing was flagged, so nothing is retrained")
    data, seen, truth = _world(run, "changed", 1.5)
    job = trained.by_job(run, "retrain", data, TARGET, seen)
    expect(job["run_id"] != run.results["first"]["run_id"], "retraining is the first run over again")
    expect(job["sha256"] != run.results["first"]["_model"]["sha256"], "retraining made the first model over again")
    right = _right(job["_made"]["predictions"], truth)
    expect(right >= 0.9, f"retrained, it is right about {right:.0%} of the changed world")
    return job | {"_seen": seen, "_truth": truth}


@PIPELINE.step("second version registered", "model-registry", needs=("retrain",))
def register(run: Run) -> Evidence:
    """The retrained model is another version; the first is still what it was."""
    old = run.results["first"]["_model"]
    new = trained.into_registry(run, MODEL, run.results["retrain"]["_made"])
    expect(new["version"] != old["version"], f"both are version {old['version']}")
    models.expect_same(
        models.fetched(run, run.layer("model-registry"), MODEL, old["version"]),
        old["sha256"],
        f"version {old['version']}",
    )
    return {"shown": f"version {new['version']} beside {old['version']}", "version": new["version"], "_model": new}


@PIPELINE.step("serving moves to the second version", "serving", needs=("register",))
def move(run: Run) -> Evidence:
    """The second version is served, and is right where the first no longer is."""
    retrained, new, server = run.results["retrain"], run.results["register"]["_model"], run.layer("serving")
    rows = tables.read(retrained["_seen"])
    before = server.predict(url=run.results["first"]["url"], rows=rows)["predictions"]
    url, after = _deployed(run, new, retrained["_seen"], retrained["_made"]["predictions"])
    old_right, new_right = _right(before, retrained["_truth"]), _right(after, retrained["_truth"])
    expect(new_right > old_right, f"right before the move {old_right:.0%}, after it {new_right:.0%}")
    shown = f"version {new['version']} served: right about {new_right:.0%} instead of {old_right:.0%}"
    return {"shown": shown, "url": url, "before": old_right, "after": new_right}


@PIPELINE.step("first version retired", "serving", needs=("move",))
def retire(run: Run) -> Evidence:
    """The first version answers no more, and the second goes on; then that is taken away too."""
    server, retrained = run.layer("serving"), run.results["retrain"]
    old, new = run.results["first"]["url"], run.results["move"]["url"]
    rows, local = tables.read(retrained["_seen"]), retrained["_made"]["predictions"]
    if old != new:  # else the second version took the first one's place
        server.undeploy(url=old)
        expect(not models.answers_at(server, old, rows), "the first version still answers")
    still = server.predict(url=new, rows=rows)["predictions"]
    expect(still == local, "with the first version gone, the second answers otherwise")
    server.undeploy(url=new)
    expect(not models.answers_at(server, new, rows), "the second version still answers after it was undeployed")
    return {"shown": "in place" if old == new else "the first is gone, the second answers as before"}


def _world(run: Run, name: str, factor: float) -> tuple[Path, Path, list]:
    """What there is to learn from a world, what to predict in it, and the truth about that."""
    rows = tables.read(run.data / "wine.csv")
    data = [row for number, row in enumerate(rows) if number % 4]
    held_out = rows[::4]
    known = [scaled | {TARGET: row[TARGET]} for row, scaled in zip(data, _scaled(data, factor), strict=True)]
    seen = tables.without(_scaled(held_out, factor), TARGET)
    files = tables.write(run.dir / f"{name}-train.csv", known), tables.write(run.dir / f"{name}-seen.csv", seen)
    return *files, [row[TARGET] for row in held_out]


def _scaled(rows: list[dict], factor: float) -> list[dict]:
    return [{name: value * factor for name, value in row.items()} for row in rows]


def _deployed(run: Run, model: dict, seen: Path, local: list) -> tuple[str, list]:
    """Where this version is served, and what it answers: exactly what the model answers locally."""
    server = run.layer("serving")
    deployed = server.deploy(model=model)
    expect(deployed["version"] == model["version"], f"version {deployed['version']} is served, not {model['version']}")
    answers = server.predict(url=deployed["url"], rows=tables.read(seen))["predictions"]
    expect(answers == local, f"version {model['version']} answers over HTTP otherwise than locally")
    return deployed["url"], answers


def _right(answers: list, truth: list) -> float:
    return sum(answer == true for answer, true in zip(answers, truth, strict=True)) / len(truth)
