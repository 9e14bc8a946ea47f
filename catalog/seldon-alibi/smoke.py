"""Alibi's verbs: Kernel SHAP explains, Alibi Detect's Kolmogorov-Smirnov detector watches."""

import json
from pathlib import Path

import numpy


def explain(ctx, model_file, rows):
    """Shapley values of the predictions; the rows themselves are what an absent feature is drawn from."""
    import skops.io
    from alibi.explainers import KernelShap

    model, names = skops.io.load(model_file), [*rows[0]]
    table = numpy.array([[*row.values()] for row in rows], dtype=float)
    explainer = KernelShap(model.predict, feature_names=names, task="regression", seed=0).fit(table)
    told = explainer.explain(table, silent=True)
    (values,), ranked = told.shap_values, numpy.argsort(-numpy.abs(told.shap_values[0]).mean(axis=0))
    return {
        "attributions": [dict(zip(names, row, strict=True)) for row in values.tolist()],
        "base": float(told.expected_value[0]),
        "ranking": [names[number] for number in ranked],
    }


def observe(ctx, reference_file, current_file):
    """Whether any column drifted, corrected for how many there are, and each column's p-value."""
    from alibi_detect.cd import KSDrift

    reference, current = (
        numpy.genfromtxt(file, delimiter=",", names=True, encoding="utf-8") for file in (reference_file, current_file)
    )
    names = reference.dtype.names
    reference, current = (numpy.column_stack([table[name] for name in names]) for table in (reference, current))
    told = KSDrift(reference, p_val=0.05).predict(current)["data"]
    columns = dict(zip(names, told["p_val"].tolist(), strict=True))
    report = Path(ctx.dir) / f"{Path(current_file).stem}-drift.json"
    report.write_text(json.dumps({"drifted": bool(told["is_drift"]), "pvalues": columns}), encoding="utf-8")
    return {"drifted": bool(told["is_drift"]), "columns": columns, "report": str(report)}
