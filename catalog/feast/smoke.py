"""Feast's verbs: what there is is applied with its library, the server answers what is newest, the files what was."""

import os
import time
from datetime import timedelta

os.environ["FEAST_USAGE"] = "False"  # read when the library is imported

import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64, String

from stackwright_job import http

_TIME = "event_timestamp"
_REFRESH = 1  # recipe.yaml: how old the server's knowledge of what there is may be, in seconds
_KINDS = {"i": Int64, "f": Float64}


def materialize(ctx, features_file, entity, features):
    """The file's features become a feature view of that entity, and the newest of them go online."""
    rows = pandas.read_csv(features_file)
    rows[_TIME] = pandas.to_datetime(rows[_TIME], utc=True)
    rows[entity] = rows[entity].astype(str)
    file = ctx.dir / f"{entity}.parquet"
    rows.to_parquet(file)
    key = Entity(name=entity, join_keys=[entity], value_type=ValueType.STRING)
    view = FeatureView(
        name=f"{entity}_features",
        entities=[key],
        schema=[Field(name=name, dtype=_KINDS.get(rows[name].dtype.kind, String)) for name in features],
        source=FileSource(path=str(file), timestamp_field=_TIME),
        ttl=timedelta(0),  # features do not grow too old to be served
    )
    store = _store(ctx)
    store.apply([key, view])
    store.materialize(rows[_TIME].min(), rows[_TIME].max() + timedelta(seconds=1), [view.name])
    time.sleep(_REFRESH)


def read_online(ctx, entities, features):
    """The newest features, as the server answers."""
    view, key = _view(ctx, features)
    asked = {"features": [f"{view}:{name}" for name in features], "entities": {key: entities}}
    found = http.call("POST", f"{ctx.endpoints['features']['url']}/get-online-features", asked, timeout=30)
    names = found["metadata"]["feature_names"]
    columns = [result["values"] for result in found["results"]]
    return {"rows": [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]}


def read_offline(ctx, entities, features, at):
    """The features as they were at that time, joined from the file's history."""
    view, key = _view(ctx, features)
    asked = pandas.DataFrame({key: entities, _TIME: pandas.to_datetime([at] * len(entities), utc=True)})
    found = _store(ctx).get_historical_features(asked, [f"{view}:{name}" for name in features]).to_df()
    return {"rows": found[[key, *features]].to_dict("records")}


def _view(ctx, features):
    """The feature view that has these features and the fewest others, and the column that names its entity."""
    views = [view for view in _store(ctx).list_feature_views() if set(features) <= {f.name for f in view.features}]
    if not views:
        raise LookupError(f"there is no feature view with {', '.join(features)}")
    view = min(views, key=lambda view: len(view.features))
    return view.name, view.join_keys[0]


def _store(ctx):
    return FeatureStore(fs_yaml_file=ctx.files["feature_store.yaml"])
