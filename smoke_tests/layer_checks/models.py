"""What must hold of the layers that keep, serve, explain and guard models.

A model that a check needs and nobody brings is made in the stack's jobs environment (scikit-learn and skops must be
among its packages); what a job logged goes through the stack's own tracking and registry where it has them.
"""

import json
import os
import pickle
import shutil
from pathlib import Path

from stackwright.errors import StackError
from stackwright.smoke.pipeline import Evidence, expect
from stackwright.smoke.run import LayerVerbs, Run
from stackwright_job.exchange import sha256_of

_NAME = "stack-smoke-model"


def made(run: Run, kind: str, data: Path) -> dict:
    """The models of that kind, `{models: [...], rows}`, made once a run."""
    file = run.dir / f"made-{kind}.json"
    if not file.exists():
        script = Path(__file__).with_name("make_models.py")
        file.write_text(json.dumps(run.jobs.run(script, kind, str(data), str(run.dir), folder=run.dir)))
    found: dict = json.loads(file.read_text())
    return found


def logged(run: Run, model: dict) -> dict:
    """The model as a run of the stack's tracking has it; as it was made where there is no tracking."""
    asked = {field: model[field] for field in ("uri", "format", "sha256", "file")}
    if not run.has("experiment-tracking"):
        return asked
    done = run.layer("experiment-tracking").log_run(
        name="stack-smoke", params={}, metrics={}, tags={}, artifact_files=[model["file"]]
    )
    return asked | {"uri": done["artifacts"][0], "run_id": done["run_id"]}


def registered(run: Run, name: str, model: dict) -> dict:
    """The model as a version of the registry that serving has its models from; of our own where there is none."""
    registry = run.registry_of("serving")
    if registry is None:
        return {"name": name, "version": "1"} | {field: model[field] for field in ("uri", "format", "sha256", "file")}
    version = registry.register(name=name, model=logged(run, model))
    return {"name": name, "format": model["format"], "file": fetched(run, registry, name, version["version"])} | version


def fetched(run: Run, registry: LayerVerbs, name: str, version: str) -> str:
    """The file of a version, where no later one is fetched to."""
    got = Path(registry.fetch(name=name, version=version)["file"])
    return str(shutil.copy(got, run.dir / f"{name}-{version}{got.suffix}"))


def expect_same(file: str, digest: str, what: str) -> None:
    """Fail the step unless the file has that hash."""
    expect(sha256_of(file) == digest, f"{what} is not what was registered")


def experiment_tracking(run: Run, data: Path) -> Evidence:
    """A run is read as it was logged."""
    tracking = run.layer("experiment-tracking")
    sent = {"params": {"C": 0.5, "solver": "lbfgs"}, "metrics": {"accuracy": 0.875}, "tags": {"smoke": run.word}}
    done = tracking.log_run(name="stack-smoke", artifact_files=[str(data)], **sent)
    found = tracking.read_run(run_id=done["run_id"])
    for kind, values in sent.items():
        for name, value in values.items():
            back = found[kind].get(name)
            same = back is not None and (float(back) == value if isinstance(value, float) else str(back) == value)
            expect(same, f"`{name}` of the {kind} was {value!r} and came back as {back!r}")
    (address,) = done["artifacts"]
    expect(address in found["artifacts"], f"`{address}` was logged; the run has {found['artifacts']}")
    return {"shown": f"run {done['run_id'][:12]} read as it was logged", "run_id": done["run_id"]}


def model_registry(run: Run, data: Path) -> Evidence:
    """Each of two versions is fetched byte for byte."""
    registry, versions = run.layer("model-registry"), {}
    for model in made(run, "wine", data)["models"]:
        version = registry.register(name=_NAME, model=logged(run, model))
        expect(version["version"] not in versions, f"two models got one version, `{version['version']}`")
        expect(version["sha256"] == model["sha256"], f"version {version['version']} is said to have another hash")
        versions[version["version"]] = model["sha256"]
    for version, digest in versions.items():
        expect_same(fetched(run, registry, _NAME, version), digest, f"version {version}")
    return {"shown": f"versions {', '.join(versions)} fetched byte-identical", "versions": versions}


def serving(run: Run, data: Path) -> Evidence:
    """The version that is asked for is served, although there is a later one, and no longer once undeployed."""
    found = made(run, "wine", data)
    first, later = found["models"]
    model = registered(run, _NAME, first)
    if run.registry_of("serving"):
        registered(run, _NAME, later)
    expect(first["predictions"] != later["predictions"], "nothing can be told from these models' predictions")
    return served(run, model, found["rows"], first["predictions"])


def served(run: Run, model: dict, rows: list[dict], local: list) -> Evidence:
    """Deployed, this version answers what the model answers locally; undeployed, it answers nothing."""
    server = run.layer("serving")
    deployed = server.deploy(model=model)
    try:
        version = deployed["version"]
        expect(version == model["version"], f"version {version} is served, not {model['version']}")
        answers = server.predict(url=deployed["url"], rows=rows)["predictions"]
    finally:
        server.undeploy(url=deployed["url"])
    expect(not answers_at(server, deployed["url"], rows), "it is still served after it was undeployed")
    wrong = sum(a != b for a, b in zip(answers, local, strict=False)) + abs(len(answers) - len(local))
    expect(not wrong, f"{wrong} of {len(local)} predictions differ from local ones")
    shown = f"version {version}: {len(answers)} predictions equal local ones"
    return {"shown": shown, "url": deployed["url"], "predictions": len(answers)}


def answers_at(server: LayerVerbs, url: str, rows: list[dict]) -> bool:
    """Whether anything is predicted at that address."""
    try:
        return bool(server.predict(url=url, rows=rows[:1])["predictions"])
    except StackError:
        return False


def explainability(run: Run, data: Path) -> Evidence:
    """The planted feature ranks first, and every prediction is told in full."""
    found = made(run, "planted", data)
    (model,) = found["models"]
    evidence = explained(run, model["file"], found["rows"], model["predictions"])
    expect(evidence["ranking"][0] == "planted", f"`planted` matters most; ranked are {evidence['ranking']}")
    return evidence


def explained(run: Run, file: str, rows: list[dict], predictions: list[float]) -> Evidence:
    """Base and attributions add up to each prediction; the ranking has every feature once."""
    done = run.layer("explainability").explain(model_file=file, rows=rows)
    expect(len(done["attributions"]) == len(rows), f"{len(rows)} rows, {len(done['attributions'])} with attributions")
    expect(
        sorted(done["ranking"]) == sorted(rows[0]), f"the features are {list(rows[0])}, ranked are {done['ranking']}"
    )
    spread = max(predictions) - min(predictions)
    for number, (parts, prediction) in enumerate(zip(done["attributions"], predictions, strict=True)):
        expect(set(parts) == set(rows[0]), f"row {number} has attributions for {sorted(parts)}")
        total = done["base"] + sum(parts.values())
        expect(abs(total - prediction) <= spread / 100, f"row {number} is {prediction}, its attributions make {total}")
    expect(
        any(abs(value) > spread / 100 for parts in done["attributions"] for value in parts.values()),
        "no feature is said to contribute anything",
    )
    shown = f"{len(rows)} predictions add up; first is {done['ranking'][0]}"
    return {"shown": shown, "ranking": done["ranking"], "base": done["base"]}


class _Harm:
    """What whoever loads it runs."""

    def __reduce__(self) -> tuple:
        return os.system, ("true",)


def security(run: Run, clean: dict[str, str]) -> Evidence:
    """A model's file that runs a command when it is loaded is found; one of plain data and the clean ones pass."""
    plain, unsafe = run.dir / "plain.pkl", run.dir / "unsafe.pkl"
    plain.write_bytes(pickle.dumps({"weights": [0.25, -1.5], "classes": ["good", "bad"]}))
    unsafe.write_bytes(pickle.dumps({"weights": [0.25, -1.5], "model": _Harm()}))
    security = run.layer("security")
    for name, file in {"a file of plain data": str(plain), **clean}.items():
        said = security.scan(model_file=file)
        expect(said["safe"], f"{name} is clean, and was flagged: {said['findings']}")
    said = security.scan(model_file=str(unsafe))
    expect(not said["safe"] and said["findings"], "a file that runs a command when it is loaded passed")
    return {"shown": f"found: {said['findings'][0][:90]}", "findings": said["findings"]}
