"""What must hold of the layers that run things."""

import json
from pathlib import Path

from layer_checks import tables
from stackwright.smoke.pipeline import Evidence, expect, job_result
from stackwright.smoke.run import Run

HERE = Path(__file__).parent
_JOB = "import os, sys; print(os.environ['WORD'], os.getcwd(), os.environ['STACK_RUN_ID']); sys.exit(int(sys.argv[1]))"


def run_job(run: Run, layer: str) -> Evidence:
    """A job that ends well and one that fails: exit, log and state are theirs, and so is the run's id."""
    python = run.jobs.command(Path())[0]
    states, told = {}, {}
    for status in (0, 3):
        word = f"{run.word}-{status}"
        done = run.layer(layer).run_job(
            name=f"exits-{status}", argv=[python, "-c", _JOB, str(status)], env=run.jobs.env() | {"WORD": word},
            cwd=str(run.dir),
        )  # fmt: skip
        expect(done["exit"] == status, f"a job that exits with {status} is said to exit with {done['exit']}")
        said = f"{word} {run.dir.resolve()} {done['run_id']}"
        expect(said in done["log"], f"the job said `{said}`; its log: {done['log'][-500:]!r}")
        states[status], told[status] = done["state"], done["run_id"]
    expect(told[0] != told[3], f"two runs have one id, `{told[0]}`")
    expect(states[0] != states[3], f"a job that failed has the state of one that did not, `{states[0]}`")
    return {"shown": f"runs told apart: {states[0][:30]} · {states[3][:30]}", "run_ids": list(told.values())}


def compute_engine(run: Run) -> Evidence:
    """Results are in their items' order, and more than one of the engine's own workers made them."""
    engine, items, module = run.layer("compute-engine"), list(range(24)), HERE / "spread.py"
    through = next((name for name in ("experiment-pipelines", "data-pipelines") if run.has(name)), "")
    if through and run.jobs.speaks_to(engine.component):
        argv = run.jobs.command(HERE / "spread_job.py", str(module), json.dumps(items))
        job = run.layer(through).run_job(name="spread", argv=argv, env=run.jobs.env(), cwd=str(run.dir))
        expect(job["exit"] == 0, f"the job ended as {job['state']}; the end of its log: {job['log'][-1500:]}")
        done = job_result(job["log"])
    else:
        done = engine.map(module=str(module), function="square_slowly", items=items)
    there, did = engine.workers()["ids"], set(done["workers"])
    expect(done["results"] == [item * item for item in items], f"the results are {done['results']}")
    expect(did <= set(there), f"{sorted(did)} are said to have done the work, the engine has {sorted(there)}")
    expect(len(did) > 1, f"of {len(there)} workers only {len(did)} did any work")
    how = "inside a job" if through else "directly"
    return {"shown": f"{len(did)} of {len(there)} workers did work, {how}", "workers": sorted(did)}


def training(run: Run, data: Path, target: str) -> Evidence:
    """The model's file can be loaded by what made it, and the model is far better than guessing."""
    made = run.layer("training").train(data_file=str(data), target=target, workers=2)
    labels = [row[target] for row in tables.read(data)]
    guess = max(labels.count(label) for label in set(labels)) / len(labels)
    accuracy = float(made["metrics"]["accuracy"])
    expect((1 + guess) / 2 <= accuracy <= 1, f"the accuracy is {accuracy:.3f}; guessing has {guess:.3f}")
    python = run.python_of(run.layer("training").component)
    loaded = run.jobs.run(HERE / "load_model.py", made["model_file"], folder=run.dir, python=python)
    expect(loaded["parameters"] > 0, f"{Path(made['model_file']).name} is an empty model")
    shown = f"accuracy {accuracy:.3f}, {loaded['kind']} of {loaded['parameters']:,} parameters loads"
    return {"shown": shown, "metrics": made["metrics"]} | loaded


def notebooks(run: Run) -> Evidence:
    """Every cell of a notebook ran, in the order they are in, and what they printed is there."""
    cells = [f"total = sum(range({len(run.word)}))", f"print('{run.word}', total * 2)", "print('last', total)"]
    file = run.dir / "smoke.ipynb"
    file.write_text(json.dumps(_notebook(cells)), encoding="utf-8")
    done, total = run.layer("notebooks").run(notebook_file=str(file)), sum(range(len(run.word)))
    wanted = [f"{run.word} {total * 2}", f"last {total}"]
    found = [text.strip() for text in done["outputs"] if text.strip()]
    expect(found == wanted, f"the cells print {wanted}, the notebook's outputs are {found}")
    ran = [cell["execution_count"] for cell in json.loads(Path(done["file"]).read_text())["cells"]]
    expect(ran == sorted(ran) and len(ran) == len(cells), f"{len(cells)} cells ran as {ran}")
    return {"shown": f"{len(cells)} cells ran", "outputs": found}


def _notebook(cells: list[str]) -> dict:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": [code | {"id": f"cell-{number}", "source": text} for number, text in enumerate(cells)],
    }  # fmt: skip
