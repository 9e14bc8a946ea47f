"""What must hold of the layer that serves features."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from layer_checks import tables
from stackwright.smoke.pipeline import Evidence, expect
from stackwright.smoke.run import Run

ENTITY = "bottle"


def _history(run: Run, data: Path) -> tuple[Path, dict[str, dict], dict[str, str]]:
    """A file with two versions of each bottle's features, what they are, and the times as of which each holds."""
    now = datetime.now(UTC).replace(microsecond=0)
    times = {"old": now - timedelta(hours=3), "new": now - timedelta(hours=1)}
    rows, versions = [], {"old": {}, "new": {}}
    for number, row in enumerate(tables.read(data)[:8]):
        bottle = f"b{number}"
        features = {"alcohol": float(row["alcohol"]), "hue": float(row["hue"])}
        for version, time in times.items():
            seen = {name: value + (version == "new") for name, value in features.items()}
            rows.append({ENTITY: bottle, **seen, "event_timestamp": time.isoformat()})
            versions[version][bottle] = seen
    later = timedelta(minutes=30)
    as_of = {version: (time + later).isoformat() for version, time in times.items()}
    return tables.write(run.dir / "features.csv", rows), versions, as_of


def _compare(found: list[dict], wanted: dict[str, dict], what: str) -> None:
    back = {row[ENTITY]: {name: row.get(name) for name in next(iter(wanted.values()))} for row in found}
    expect(set(back) == set(wanted), f"{what}: asked for {sorted(wanted)}, got {sorted(back)}")
    for entity, features in wanted.items():
        same = all(v is not None and abs(v - features[name]) < 1e-6 for name, v in back[entity].items())
        expect(same, f"{what}: `{entity}` has {features}, not {back[entity]}")


def served_online(run: Run, computed: list[dict]) -> Evidence:
    """The rows as the online store serves them are the rows as they were computed; `_rows` is what it served."""
    names, seen = list(computed[0]), datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    wanted = {f"row{number}": row for number, row in enumerate(computed)}
    stamped = [{ENTITY: entity, **row, "event_timestamp": seen.isoformat()} for entity, row in wanted.items()]
    file, store = tables.write(run.dir / "computed.csv", stamped), run.layer("feature-store")
    store.materialize(features_file=str(file), entity=ENTITY, features=names)
    found = {row[ENTITY]: row for row in store.read_online(entities=[*wanted], features=names)["rows"]}
    _compare([*found.values()], wanted, "online")
    return {"rows": len(found), "_rows": [{name: found[entity][name] for name in names} for entity in wanted]}


def feature_store(run: Run, data: Path) -> Evidence:
    """Online is the newest version."""
    store, (file, versions, _) = run.layer("feature-store"), _history(run, data)
    names = [*next(iter(versions["new"].values()))]
    store.materialize(features_file=str(file), entity=ENTITY, features=names)
    found = store.read_online(entities=[*versions["new"]], features=names)["rows"]
    _compare(found, versions["new"], "online")
    return {"shown": f"{len(found)} entities online as in the file", "rows": len(found)}


def feature_store_offline(run: Run, data: Path) -> Evidence:
    """Offline is what held at the time that is asked about, and as of now what is online."""
    store, (file, versions, as_of) = run.layer("feature-store"), _history(run, data)
    names = [*next(iter(versions["new"].values()))]
    store.materialize(features_file=str(file), entity=ENTITY, features=names)
    for version, at in as_of.items():
        found = store.read_offline(entities=[*versions[version]], features=names, at=at)["rows"]
        _compare(found, versions[version], f"as of {at}")
    now = datetime.now(UTC).isoformat()
    offline = store.read_offline(entities=[*versions["new"]], features=names, at=now)["rows"]
    online = {row[ENTITY]: row for row in store.read_online(entities=[*versions["new"]], features=names)["rows"]}
    _compare(offline, {entity: {name: online[entity][name] for name in names} for entity in online}, "online and now")
    return {"shown": f"{len(offline)} entities the same online and offline, and as of earlier", "rows": len(offline)}
