"""Frouros' verb: a Kolmogorov-Smirnov test of every column."""

import json
from pathlib import Path

import numpy
from frouros.detectors.data_drift import KSTest

_SHARE, _DIFFERENT = 0.5, 0.05  # of the columns; the p-value below which a column counts


def observe(ctx, reference_file, current_file):
    """Whether the current data drifted from the reference, and each column's p-value."""
    reference, current = (
        numpy.genfromtxt(file, delimiter=",", names=True, encoding="utf-8") for file in (reference_file, current_file)
    )
    columns = {}
    for name in reference.dtype.names:
        detector = KSTest()
        detector.fit(X=reference[name])
        columns[name] = float(detector.compare(X=current[name])[0].p_value)
    drifted = sum(value < _DIFFERENT for value in columns.values()) >= _SHARE * len(columns)
    report = Path(ctx.dir) / f"{Path(current_file).stem}-drift.json"
    report.write_text(json.dumps({"drifted": drifted, "pvalues": columns}), encoding="utf-8")
    return {"drifted": drifted, "columns": columns, "report": str(report)}
