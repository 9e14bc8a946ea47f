"""River's verb: the rows are a stream, first the reference, then the current data; a detector a column watches it."""

import csv
import json
import random
from pathlib import Path

from river.drift import KSWIN

_SHARE = 0.5  # of the columns: from here on the data set as a whole counts as drifted


def observe(ctx, reference_file, current_file):
    """Whether the stream changed with the current data, and each column's smallest p-value since."""
    reference, current = _columns(reference_file), _columns(current_file)
    found = {name: _watched(reference[name], current[name]) for name in reference}
    drifted = sum(changed for changed, _ in found.values()) >= _SHARE * len(found)
    columns = {name: smallest for name, (_, smallest) in found.items()}
    report = Path(ctx.dir) / f"{Path(current_file).stem}-drift.json"
    report.write_text(json.dumps({"drifted": drifted, "pvalues": columns}), encoding="utf-8")
    return {"drifted": drifted, "columns": columns, "report": str(report)}


def _watched(reference, current):
    """The window is the reference's last values; the newest of them are compared with a sample of the others."""
    half = min(len(current), len(reference) // 2)
    detector = KSWIN(alpha=0.005, window_size=2 * half, stat_size=half, window=reference[-2 * half :], seed=0)
    changed, smallest = False, 1.0
    for value in current:
        detector.update(value)
        changed, smallest = changed or detector.drift_detected, min(smallest, float(detector.p_value))
    return changed, smallest


def _columns(file):
    with Path(file).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    random.Random(0).shuffle(rows)  # a file may be sorted, which in a stream would be drift
    return {name: [float(row[name]) for row in rows] for name in rows[0]}
