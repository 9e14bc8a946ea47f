"""One model trained by several workers at once: the orchestrator runs a job that starts them with torchrun, each has
data of its own, and what they learn goes round until all hold the same weights.

On GPUs where there is one for each worker (nccl), else on CPUs (gloo). The jobs' environment needs PyTorch: `torch`
among `jobs.packages` (from PyPI with CUDA, gigabytes of it), or `python3-torch` in `jobs.debian`, without.
"""

from stackwright.smoke.pipeline import Evidence, NothingToCheck, Pipeline, expect, job_result
from stackwright.smoke.run import Run

PIPELINE = Pipeline("distributed")
WORKERS = 2


@PIPELINE.step("several workers train one model", "experiment-pipelines", each=True)
def train(run: Run) -> Evidence:
    argv = run.jobs.command(run.folder / "launch.py", str(WORKERS))
    done = run.layer("experiment-pipelines").run_job(
        name="distributed", argv=argv, env=run.jobs.env(), cwd=str(run.dir)
    )
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-2500:]}")
    told = job_result(done["log"])
    if "none" in told:
        raise NothingToCheck(told["none"])
    return _as_one(told["ranks"]) | {"torch": told["torch"], "run_id": done["run_id"]}


def _as_one(ranks: list[dict]) -> Evidence:
    """All have the same weights, that none would have had alone, and they are better than those it began with."""
    expect(
        [rank["rank"] for rank in ranks] == [*range(WORKERS)], f"{WORKERS} workers were started, these told: {ranks}"
    )
    expect(len({rank["pid"] for rank in ranks}) == WORKERS, "one process was all workers")
    together = {rank["weights"] for rank in ranks}
    expect(len(together) == 1, f"the workers ended with {len(together)} different models")
    alone = {rank["alone"] for rank in ranks}
    expect(len(alone) == WORKERS, "the workers have the same data: nothing shows that they exchanged anything")
    expect(not together & alone, "the workers' model is what one of them would have made alone")
    before, after = (sum(rank[when] for rank in ranks) / WORKERS for when in ("before", "after"))
    expect(after < before, f"the loss was {before:.3f} and is {after:.3f} after training")
    shown = (
        f"{WORKERS} workers, {ranks[0]['backend']} on {ranks[0]['device']}: one model, loss {before:.2f} → {after:.2f}"
    )
    return {"shown": shown, "ranks": ranks}
