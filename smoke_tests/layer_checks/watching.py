"""What must hold of the layers that watch, warn and remember."""

import json
import time
from pathlib import Path

from layer_checks import tables
from stackwright.smoke.pipeline import Evidence, expect
from stackwright.smoke.run import Run


def monitoring(run: Run, data: Path, target: str) -> Evidence:
    """Data of the same kind is not flagged; data measured differently is."""
    rows, later = tables.without(tables.read(data), target), slice(None, None, 4)
    kinds = {
        "reference": [row for number, row in enumerate(rows) if number % 4],
        "current": rows[later],
        "drifted": [{name: value * 1.5 for name, value in row.items()} for row in rows[later]],
    }
    files = {kind: str(tables.write(run.dir / f"{kind}.csv", found)) for kind, found in kinds.items()}
    watch = run.layer("monitoring")
    same = watch.observe(reference_file=files["reference"], current_file=files["current"])
    other = watch.observe(reference_file=files["reference"], current_file=files["drifted"])
    expect(not same["drifted"], f"data of the same kind was flagged: {json.dumps(same['columns'])}")
    expect(other["drifted"], f"data measured half as much again was not flagged: {json.dumps(other['columns'])}")
    return {"shown": "drifted data flagged, undrifted not", "reports": [same["report"], other["report"]]}


def monitoring_scrape(run: Run) -> Evidence:
    """There are metrics, and they are numbers."""
    metrics = run.layer("monitoring").scrape()["metrics"]
    numbers = [name for name, value in metrics.items() if isinstance(value, int | float)]
    expect(bool(numbers), f"no metric is a number: {json.dumps(metrics)[:300]}")
    return {"shown": f"{len(numbers)} metrics, such as {min(numbers)}", "metrics": len(numbers)}


def alerting(run: Run, patience: float = 60) -> Evidence:
    """An alert that is raised reaches its receiver as it was raised, and none does that was not."""
    alerts, name, labels = run.layer("alerting"), f"StackSmoke{run.word}", {"severity": "page", "step": run.word}
    fired = alerts.fire(name=name, labels=labels)["alert_id"]
    deadline = time.monotonic() + patience
    while not (found := alerts.received(name=name)["alerts"]) and time.monotonic() < deadline:
        time.sleep(0.5)
    expect(bool(found), f"`{name}` was raised and had not reached its receiver after {patience:.0f} s")
    told = found[0].get("labels", {})
    expect(found[0].get("name") == name, f"the alert `{name}` arrived as {found[0].get('name')!r}")
    expect(labels.items() <= told.items(), f"the alert was raised with {labels} and arrived with {told}")
    expect(not alerts.received(name=f"{name}Not")["alerts"], "an alert arrived that nobody raised")
    return {"shown": f"{name} received with its labels", "alert_id": fired}


def audit(run: Run) -> Evidence:
    """What was recorded of an object is there, with who did it, and nothing of another object."""
    audits, model, other = run.layer("audit"), f"model/{run.word}", f"model/{run.word}-other"
    done = [("alice", "train"), ("bob", "approve")]
    entries = {audits.record(actor=actor, action=action, object=model)["entry"] for actor, action in done}
    audits.record(actor="eve", action="delete", object=other)
    found = audits.query(object=model)["entries"]
    told = sorted((entry["actor"], entry["action"]) for entry in found)
    expect(len(entries) == len(done), "two actions became one entry")
    expect(told == sorted(done), f"recorded of `{model}` was {done}, found was {told}")
    expect(all(entry["object"] == model for entry in found), f"entries of another object are among those of `{model}`")
    return {"shown": f"{len(found)} actions on {model} found with their actors", "entries": sorted(entries)}
