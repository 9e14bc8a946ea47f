"""whylogs' verbs: data becomes profiles, which are kept, compared, and merged into what was seen so far."""

import json
import os
import uuid
from functools import reduce
from pathlib import Path

os.environ["WHYLOGS_NO_ANALYTICS"] = "True"  # read when the library is imported

import pandas
import whylogs
from whylogs.core import DatasetProfileView
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

_SHARE, _DIFFERENT = 0.5, 0.05  # of the columns; the p-value below which a column counts


def observe(ctx, reference_file, current_file):
    """Whether the current data drifted from the reference, by the profiles of both; the current one is kept."""
    reference, current = (whylogs.log(pandas.read_csv(file)).view() for file in (reference_file, current_file))
    report = _profiles(ctx) / f"{uuid.uuid4().hex}.json"
    current.write(str(report.with_suffix(".bin")))
    told = calculate_drift_scores(target_view=current, reference_view=reference)
    columns = {name: float(found["pvalue"]) for name, found in told.items()}
    drifted = sum(value < _DIFFERENT for value in columns.values()) >= _SHARE * len(columns)
    report.write_text(json.dumps({"drifted": drifted, "pvalues": columns}), encoding="utf-8")
    return {"drifted": drifted, "columns": columns, "report": str(report)}


def scrape(ctx):
    """Count, mean and spread of every column, over all the profiles that were kept."""
    views = [DatasetProfileView.read(str(file)) for file in sorted(_profiles(ctx).glob("*.bin"))]
    if not views:
        return {"metrics": {}}
    seen = reduce(lambda one, other: one.merge(other), views).get_columns()
    wanted = {"count": "counts/n", "mean": "distribution/mean", "stddev": "distribution/stddev"}
    told = {name: column.to_summary_dict() for name, column in seen.items()}
    return {
        "metrics": {f"{name}_{key}": float(told[name][where]) for name in told for key, where in wanted.items()}
        | {"profiles": len(views)}
    }


def _profiles(ctx):
    folder = Path(ctx.env["PROFILES"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder
