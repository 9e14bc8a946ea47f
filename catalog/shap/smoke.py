"""SHAP's verb."""

import numpy
import shap
import skops.io


def explain(ctx, model_file, rows):
    """Shapley values of the predictions; the rows themselves are what an absent feature is drawn from."""
    model, names = skops.io.load(model_file), [*rows[0]]
    table = numpy.array([[*row.values()] for row in rows], dtype=float)
    told = shap.Explainer(model.predict, table, feature_names=names, seed=0)(table)
    weights = numpy.abs(told.values).mean(axis=0)
    return {
        "attributions": [dict(zip(names, values, strict=True)) for values in told.values.tolist()],
        "base": float(told.base_values[0]),
        "ranking": [names[number] for number in numpy.argsort(-weights)],
    }
