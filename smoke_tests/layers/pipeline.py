"""Every layer by itself: its verbs spoken with real data, and what must hold of them; one step for each, and each tool.

`lifecycle` follows one model through the layers and compares what comes out of one tool with what went into another;
this one asks each tool of each layer alone, so that one tool can be proven with nothing beside it but its own peers.
Its steps need nothing of each other. Where a layer needs a trained model, the step makes one in the jobs environment
(scikit-learn and skops must be among the stack's `jobs.packages`), or takes it from the stack's registry.
A tool that fills a layer in part has the steps of the verbs that it does not speak skipped, by name.
"""

from pathlib import Path

from layer_checks import data, features, models, running, watching
from stackwright.smoke.pipeline import Evidence, Pipeline
from stackwright.smoke.run import Run

PIPELINE = Pipeline("layers", data="../lifecycle/data")
TARGET = "cultivar"


def wine(run: Run) -> Path:
    """The data set."""
    return run.data / "wine.csv"


@PIPELINE.step("object stored and fetched", "storage", each=True)
def store(run: Run) -> Evidence:
    return data.storage(run, wine(run))


@PIPELINE.step("objects listed by prefix", "storage", each=True)
def list_objects(run: Run) -> Evidence:
    return data.storage_list(run, wine(run))


@PIPELINE.step("rows written and read", "database", each=True)
def rows(run: Run) -> Evidence:
    return data.database(run, wine(run))


@PIPELINE.step("the allowed passes, the forbidden is refused", "access-control", each=True)
def allow(run: Run) -> Evidence:
    return data.access_control(run)


@PIPELINE.step("data set versioned and read back", "data-versioning", each=True)
def version(run: Run) -> Evidence:
    return data.data_versioning(run, wine(run))


@PIPELINE.step("good data told from bad", "data-quality", each=True)
def validate(run: Run) -> Evidence:
    return data.data_quality(run, wine(run))


@PIPELINE.step("artefact traced to its runs", "lineage-metadata", each=True)
def trace(run: Run) -> Evidence:
    return data.lineage_metadata(run)


@PIPELINE.step("items labeled and exported", "labeling", each=True)
def label(run: Run) -> Evidence:
    return data.labeling(run)


@PIPELINE.step("data made that resembles a sample", "synthetic-data", each=True)
def synthesize(run: Run) -> Evidence:
    return data.synthetic_data(run, wine(run))


@PIPELINE.step("features served online", "feature-store", each=True)
def serve_features(run: Run) -> Evidence:
    return features.feature_store(run, wine(run))


@PIPELINE.step("features the same online and offline", "feature-store", each=True)
def compare_features(run: Run) -> Evidence:
    return features.feature_store_offline(run, wine(run))


@PIPELINE.step("a good job and a bad one run", "data-pipelines", each=True)
def run_data_jobs(run: Run) -> Evidence:
    return running.run_job(run, "data-pipelines")


@PIPELINE.step("a good job and a bad one run", "experiment-pipelines", each=True)
def run_experiment_jobs(run: Run) -> Evidence:
    return running.run_job(run, "experiment-pipelines")


@PIPELINE.step("work spread over workers", "compute-engine", each=True)
def spread(run: Run) -> Evidence:
    return running.compute_engine(run)


@PIPELINE.step("model trained and loaded", "training", each=True)
def train(run: Run) -> Evidence:
    return running.training(run, wine(run), TARGET)


@PIPELINE.step("run logged and read", "experiment-tracking", each=True)
def track(run: Run) -> Evidence:
    return models.experiment_tracking(run, wine(run))


@PIPELINE.step("two versions registered and fetched", "model-registry", each=True)
def register(run: Run) -> Evidence:
    return models.model_registry(run, wine(run))


@PIPELINE.step("version served, predictions equal", "serving", each=True)
def serve(run: Run) -> Evidence:
    return models.serving(run, wine(run))


@PIPELINE.step("drift told from no drift", "monitoring", each=True)
def watch(run: Run) -> Evidence:
    return watching.monitoring(run, wine(run), TARGET)


@PIPELINE.step("metrics scraped", "monitoring", each=True)
def scrape(run: Run) -> Evidence:
    return watching.monitoring_scrape(run)


@PIPELINE.step("alert raised and received", "alerting", each=True)
def warn(run: Run) -> Evidence:
    return watching.alerting(run)


@PIPELINE.step("predictions explained", "explainability", each=True)
def explain(run: Run) -> Evidence:
    return models.explainability(run, wine(run))


@PIPELINE.step("unsafe model told from a clean one", "security", each=True)
def scan(run: Run) -> Evidence:
    return models.security(run, clean={"a model": models.made(run, "wine", wine(run))["models"][0]["file"]})


@PIPELINE.step("actions recorded and found", "audit", each=True)
def remember(run: Run) -> Evidence:
    return watching.audit(run)


@PIPELINE.step("notebook run", "notebooks", each=True)
def run_notebook(run: Run) -> Evidence:
    return running.notebooks(run)
