"""shapiq's verb."""

import numpy
import shapiq
import skops.io


def explain(ctx, model_file, rows):
    """Shapley values of the predictions; the rows themselves are what an absent feature is drawn from."""
    model, names = skops.io.load(model_file), [*rows[0]]
    table = numpy.array([[*row.values()] for row in rows], dtype=float)
    explainer = shapiq.TabularExplainer(model.predict, table, index="SV", max_order=1, random_state=0)
    told = explainer.explain_X(table, budget=2 ** len(names) if len(names) < 9 else 512)
    values = numpy.array([found.get_n_order_values(1) for found in told])
    ranked = numpy.argsort(-numpy.abs(values).mean(axis=0))
    return {
        "attributions": [dict(zip(names, row, strict=True)) for row in values.tolist()],
        "base": float(told[0].baseline_value),
        "ranking": [names[number] for number in ranked],
    }
