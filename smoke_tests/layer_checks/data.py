"""What must hold of the layers that keep data."""

from pathlib import Path

from layer_checks import tables
from stackwright.smoke.pipeline import Evidence, expect
from stackwright.smoke.run import Run
from stackwright_job.exchange import sha256_of


def storage(run: Run, data: Path) -> Evidence:
    """The object that comes back is the object that went in."""
    store, key = run.layer("storage"), f"stack-smoke/{data.name}"
    store.put(key=key, data_file=str(data))
    expect(sha256_of(store.get(key=key)["file"]) == sha256_of(data), f"`{key}` came back changed")
    return {"shown": f"{data.stat().st_size:,} bytes equal", "key": key, "sha256": sha256_of(data)}


def storage_list(run: Run, data: Path) -> Evidence:
    """What was stored is listed under its prefix, and under no other."""
    store, key = run.layer("storage"), f"stack-smoke/{data.name}"
    store.put(key=key, data_file=str(data))
    expect(key in store.list(prefix="stack-smoke/")["keys"], f"`{key}` was stored and is not listed")
    expect(key not in store.list(prefix="stack-nowhere/")["keys"], f"`{key}` is listed under a prefix it does not have")
    return {"shown": f"{key} found by its prefix"}


def database(run: Run, data: Path) -> Evidence:
    """The rows that come back are the rows that went in."""
    sent = [{"id": number} | row for number, row in enumerate(tables.read(data))]
    run.layer("database").write_rows(table="stack_smoke", rows=sent)
    back = sorted(run.layer("database").read_rows(table="stack_smoke")["rows"], key=lambda row: row["id"])
    expect(back == sent, f"{len(sent)} rows were written, {len(back)} read, and they differ")
    return {"shown": f"{len(back)} rows equal", "rows": len(back)}


def access_control(run: Run) -> Evidence:
    """What the layer's policy allows passes, and everything else is refused."""
    allowed = [("trainer", "read", "data/wine"), ("trainer", "write", "model/wine"), ("viewer", "read", "model/wine")]
    forbidden = [
        ("viewer", "write", "model/wine"),
        ("trainer", "write", "data/wine"),
        ("stranger", "read", "data/wine"),
    ]
    decides = run.layer("access-control")
    for asked in (*allowed, *forbidden):
        subject, action, thing = asked
        said = decides.check(subject=subject, action=action, object=thing)["allowed"]
        expect(said is (asked in allowed), f"`{subject}` may {'' if said else 'not '}{action} `{thing}`")
    return {"shown": f"{len(allowed)} allowed, {len(forbidden)} refused"}


def data_versioning(run: Run, data: Path) -> Evidence:
    """A version is what was committed, byte for byte, also when there is a later one."""
    versions = run.layer("data-versioning")
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


def data_quality(run: Run, data: Path) -> Evidence:
    """Good data passes; a value out of its range and one that is missing fail, and their columns are named."""
    rows, quality = tables.read(data), run.layer("data-quality")
    rules = {
        name: {"min": min(row[name] for row in rows), "max": max(row[name] for row in rows), "required": True}
        for name in rows[0]
    }
    high, empty = list(rows[0])[1:3]
    bad = {high: rules[high]["max"] * 100, empty: ""}
    good = quality.check(data_file=str(data), rules=rules)
    expect(good["passed"] and not good["failures"], f"good data was flagged: {good['failures']}")
    for column, value in bad.items():
        file = tables.write(run.dir / f"bad-{column}.csv", [*rows[:-1], rows[-1] | {column: value}])
        found = quality.check(data_file=str(file), rules=rules)
        named = {failure["column"] for failure in found["failures"]}
        expect(not found["passed"], f"{value!r} in `{column}` was not noticed")
        expect(named == {column}, f"{value!r} is in `{column}`; named were: {', '.join(sorted(named)) or 'none'}")
    return {"shown": f"{len(rows)} rows pass; 2 planted mistakes named by column", "columns": sorted(bad)}


def lineage_metadata(run: Run) -> Evidence:
    """An artefact is traced through every run that led to it, nearest first, and through no other."""
    lineage, word = run.layer("lineage-metadata"), run.word
    raw, clean, model, other = (f"{name}-{word}" for name in ("raw", "clean", "model", "other"))
    prepare, train, unrelated = (f"{name}-{word}" for name in ("prepare", "train", "unrelated"))
    lineage.record(run=prepare, inputs=[raw], outputs=[clean])
    lineage.record(run=train, inputs=[clean], outputs=[model])
    lineage.record(run=unrelated, inputs=[raw], outputs=[other])
    for artefact, runs in ((model, [train, prepare]), (clean, [prepare]), (raw, [])):
        found = lineage.trace(artefact=artefact)["runs"]
        expect(found == runs, f"`{artefact}` comes from {runs}, the trace says {found}")
    return {"shown": f"{model} traced to {prepare}", "runs": [train, prepare]}


def labeling(run: Run, items: tuple[str, ...] = ("a fine wine", "tastes of cork", "round and long")) -> Evidence:
    """Every item comes back with the label it was given."""
    labels, project = run.layer("labeling"), f"smoke {run.word}"
    rows = [{"text": text} for text in items]
    wanted = {text: ("good", "bad")[number % 2] for number, text in enumerate(items)}
    tasks = labels.create_tasks(project=project, items=rows, labels=["good", "bad"])["tasks"]
    expect(len(set(tasks)) == len(rows), f"{len(rows)} items were put up, and there are {len(set(tasks))} tasks")
    for task, text in zip(tasks, items, strict=True):
        labels.submit_label(task=task, label=wanted[text])
    found = {row["text"]: row["label"] for row in labels.export(project=project)["rows"]}
    expect(found == wanted, f"the labels given were {wanted}, those exported {found}")
    return {"shown": f"{len(found)} items exported with their labels", "project": project}


def synthetic_data(run: Run, data: Path) -> Evidence:
    """As many rows as asked for, the sample's columns, each with its mean and spread; and no copies."""
    sample, wanted = tables.read(data), 300
    made = tables.read(run.layer("synthetic-data").generate(sample_file=str(data), rows=wanted)["file"])
    expect(len(made) == wanted, f"{wanted} rows were asked for, {len(made)} made")
    expect(list(made[0]) == list(sample[0]), f"the columns are {list(made[0])}, the sample's {list(sample[0])}")
    for name in sample[0]:
        (mean, spread), (made_mean, made_spread) = (_moments([row[name] for row in rows]) for rows in (sample, made))
        expect(abs(made_mean - mean) < spread / 2, f"the mean of `{name}` is {made_mean:.3g}, the sample's {mean:.3g}")
        expect(
            spread / 2 < made_spread < spread * 2, f"`{name}` spreads by {made_spread:.3g}, the sample by {spread:.3g}"
        )
    copies = sum(row in sample for row in made)
    expect(copies < wanted / 10, f"{copies} of {wanted} rows are copies of the sample's")
    return {"shown": f"{wanted} rows, {len(made[0])} columns with the sample's mean and spread", "copies": copies}


def _moments(values: list) -> tuple[float, float]:
    numbers = [float(value) for value in values]  # a text or a gap among numbers is a schema that is not equal
    mean = sum(numbers) / len(numbers)
    return mean, (sum((number - mean) ** 2 for number in numbers) / len(numbers)) ** 0.5
