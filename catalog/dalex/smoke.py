"""DALEX's verb."""

import dalex
import pandas
import skops.io


def explain(ctx, model_file, rows):
    """Each prediction broken down feature by feature; the rows themselves are what it is compared with."""
    model, table = skops.io.load(model_file), pandas.DataFrame(rows, dtype=float)
    explainer = dalex.Explainer(
        model, table, predict_function=lambda model, asked: model.predict(asked.to_numpy()), verbose=False
    )
    parts = [_broken_down(explainer, table, number) for number in range(len(table))]
    weights = {name: sum(abs(part[name]) for part in parts) for name in table.columns}
    base = float(explainer.predict(table).mean())
    return {"attributions": parts, "base": base, "ranking": sorted(weights, key=weights.get, reverse=True)}


def _broken_down(explainer, table, number):
    found = explainer.predict_parts(table.iloc[[number]], type="break_down").result
    found = found[found["variable_name"].isin(table.columns)]
    return dict(zip(found["variable_name"], found["contribution"].astype(float), strict=True))
