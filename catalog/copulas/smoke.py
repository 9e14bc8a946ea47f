"""Copulas' verb: a Gaussian copula over the best fitting distribution of each column."""

import warnings

import pandas
from copulas.multivariate import GaussianMultivariate


def generate(ctx, sample_file, rows):
    """As many rows as wanted, drawn from the model of the sample; its columns are numbers."""
    sample = pandas.read_csv(sample_file)
    model = GaussianMultivariate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of candidates that do not fit: the best of them is taken
        model.fit(sample)
    made = model.sample(rows)[list(sample)].clip(sample.min(), sample.max(), axis="columns")
    whole = [name for name in sample if pandas.api.types.is_integer_dtype(sample[name])]
    made[whole] = made[whole].round()
    file = ctx.dir / "synthetic.csv"
    made.astype(sample.dtypes).to_csv(file, index=False)
    return {"file": str(file)}
