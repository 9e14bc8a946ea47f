"""Aligned's verbs: a contract over the file's history, and the newest of it in Redis, or in a file without one."""

import asyncio
from pathlib import Path

import polars
from aligned import ContractStore, EventTimestamp, FileSource, Float64, Int64, RedisConfig, String, feature_view

_TIME = "event_timestamp"
_KINDS = {polars.Float64: Float64, polars.Int64: Int64}
_LOOP = asyncio.Runner()  # one for all verbs: connections live in the loop that made them


def materialize(ctx, features_file, entity, features):
    """The file becomes a contract of that entity's features, and the newest of them go online."""
    rows = polars.read_csv(features_file, try_parse_dates=True).with_columns(
        polars.col(entity).cast(polars.String), polars.col(_TIME).cast(polars.Datetime("us", "UTC"))
    )
    history = _folder(ctx) / f"{entity}.parquet"
    rows.write_parquet(history)
    columns = {name: _KINDS.get(rows.schema[name], String)() for name in features}
    columns |= {entity: String().as_entity(), _TIME: EventTimestamp()}
    contract = feature_view(name=f"{entity}_features", source=FileSource.parquet_at(str(history)))
    store = ContractStore.empty()
    store.add(contract(type("Features", (), columns)))
    _LOOP.run(store.write_to(_contracts(ctx)))
    newest = rows.sort(_TIME).unique(entity, keep="last").select(*columns)
    view, _ = _view(ctx, features)
    _LOOP.run(view.using_source(_online(ctx)).overwrite(newest))


def read_online(ctx, entities, features):
    """The newest features, from the online store."""
    view, entity = _view(ctx, features)
    found = view.using_source(_online(ctx)).features_for({entity: entities})
    return _rows(found, entity, features)


def read_offline(ctx, entities, features, at):
    """The features as they were at that time, joined from the file's history."""
    view, entity = _view(ctx, features)
    times = polars.Series([at] * len(entities)).str.to_datetime(time_unit="us", time_zone="UTC")
    found = view.features_for({entity: entities, "at": times}, event_timestamp_column="at")
    return _rows(found, entity, features)


def _rows(found, entity, features):
    return {"rows": _LOOP.run(found.to_polars()).select(entity, *features).to_dicts()}


def _view(ctx, features):
    """The contract that has these features, and the column that names its entity."""
    store = _LOOP.run(_contracts(ctx).feature_store())
    for name, contract in store.feature_views.items():
        if set(features) <= {feature.name for feature in contract.features}:
            return store.feature_view(name), next(iter(contract.entities)).name
    raise LookupError(f"there is no contract with {', '.join(features)}")


def _online(ctx):
    if server := ctx.needs.get("online_store"):
        return RedisConfig.from_url(server["url"])
    return FileSource.parquet_at(str(_folder(ctx) / "online.parquet"))


def _contracts(ctx):
    return FileSource.json_at(str(_folder(ctx) / "contracts.json"))


def _folder(ctx):
    folder = Path(ctx.env["ALIGNED_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder
