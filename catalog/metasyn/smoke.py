"""Metasyn's verb: a distribution fitted to each column, and rows drawn from them."""

import polars
from metasyn import MetaFrame

_CATEGORIES = 10  # whole numbers of at most so many kinds are names of classes, not amounts


def generate(ctx, sample_file, rows):
    """As many rows as wanted, with the sample's columns and types; each column by itself."""
    sample = polars.read_csv(sample_file)
    classes = [name for name in sample.columns if _is_class(sample[name])]
    model = MetaFrame.fit_dataframe(
        sample.with_columns(polars.col(classes).cast(polars.String).cast(polars.Categorical)), progress_bar=False
    )
    made = model.synthesize(rows, progress_bar=False).with_columns(polars.col(classes).cast(polars.String))
    file = ctx.dir / "synthetic.csv"
    made.cast(dict(sample.schema)).write_csv(file)
    return {"file": str(file)}


def _is_class(column):
    return column.dtype.is_integer() and column.n_unique() <= _CATEGORIES
