"""What the compute engine's workers do: score one candidate on one fold."""


def score(item):
    """The accuracy of one regularisation strength on one fold; everything it needs is in the item."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, labels, fold, folds = item["rows"], item["labels"], item["fold"], item["folds"]
    inside = [number for number in range(len(rows)) if number % folds != fold]
    outside = [number for number in range(len(rows)) if number % folds == fold]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=item["C"], max_iter=1000))
    model.fit([rows[n] for n in inside], [labels[n] for n in inside])
    return float(model.score([rows[n] for n in outside], [labels[n] for n in outside]))
