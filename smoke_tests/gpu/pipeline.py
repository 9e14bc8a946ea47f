"""Whether GPUs are seen and multiply right where work is done: on the compute engine's workers, where models are
trained, where they are served, and in the orchestrator's jobs.

Each place multiplies two matrices on every device it sees, through the driver itself, and compares with the product of
a CPU (`stackwright_job.gpu`). A place that asked for a device and has none fails; where nobody has any, the step is
skipped with the reason.
"""

from layer_checks import devices
from stackwright.smoke.pipeline import Evidence, Pipeline, expect, job_result
from stackwright.smoke.run import Run

PIPELINE = Pipeline("gpu")


@PIPELINE.step("workers multiply on their GPUs", "compute-engine", each=True)
def compute(run: Run) -> Evidence:
    return devices.multiply(run, "compute-engine")


@PIPELINE.step("GPUs multiply where models are trained", "training", each=True)
def train(run: Run) -> Evidence:
    return devices.multiply(run, "training")


@PIPELINE.step("GPUs multiply where models are served", "serving", each=True)
def serve(run: Run) -> Evidence:
    return devices.multiply(run, "serving")


@PIPELINE.step("a job multiplies on its GPUs", "experiment-pipelines", each=True)
def job(run: Run) -> Evidence:
    """The job is run by the orchestrator itself, wherever that runs it."""
    argv = [*run.jobs.command(run.folder)[:1], "-m", "stackwright_job.gpu"]
    done = run.layer("experiment-pipelines").run_job(name="gpu", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    return devices.seen([job_result(done["log"])])
