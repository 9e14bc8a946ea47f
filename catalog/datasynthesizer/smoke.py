"""DataSynthesizer's verb: a Bayesian network of the columns, with their histograms, and rows drawn from it."""

import pandas
from DataSynthesizer.DataDescriber import DataDescriber
from DataSynthesizer.DataGenerator import DataGenerator

_PARENTS = 1  # of a column in the network; each more multiplies the time it takes
_NO_NOISE = 0  # the privacy budget; it adds none


def generate(ctx, sample_file, rows):
    """As many rows as wanted, drawn from the description that it writes of the sample."""
    description, file = str(ctx.dir / "description.json"), ctx.dir / "synthetic.csv"
    describer = DataDescriber()
    describer.describe_dataset_in_correlated_attribute_mode(sample_file, epsilon=_NO_NOISE, k=_PARENTS)
    describer.save_dataset_description_to_file(description)
    generator = DataGenerator()
    generator.generate_dataset_in_correlated_attribute_mode(rows, description)
    sample = pandas.read_csv(sample_file)
    generator.synthetic_dataset[list(sample)].to_csv(file, index=False)
    return {"file": str(file)}
