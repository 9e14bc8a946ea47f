"""Pipelines: found, loaded, declared; and what their steps may do wrong."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from stackwright.errors import Exit, StackError
from stackwright.smoke import run_smoke
from stackwright.smoke.pipeline import Pipeline, UnmetError, find_pipeline, job_result, load_pipeline

from .conftest import CATALOG, secrets

HEAD = "from stackwright.smoke.pipeline import Pipeline, expect\nPIPELINE = Pipeline('own')\n"


def refused(call, *args) -> tuple[str, str, int]:
    with pytest.raises(StackError) as caught:
        call(*args)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.hint, caught.value.exit_code


def test_the_shipped_pipeline_is_the_default():
    """Without a name the lifecycle is meant, and it names every layer it speaks to."""
    pipeline = load_pipeline(find_pipeline(None))
    assert pipeline.name == "lifecycle"
    assert find_pipeline("lifecycle") == find_pipeline(None)


def test_an_unknown_pipeline_is_refused_with_a_suggestion():
    """A misspelt pipeline is a usage error that says what was meant."""
    assert refused(find_pipeline, "livecycle") == ("S020", "did you mean `lifecycle`?", Exit.USAGE)


@pytest.mark.parametrize("text", ["PIPELINE = 7", "import nothing_like_this", "raise SystemExit", "x ="])
def test_a_pipeline_that_cannot_be_loaded_is_refused(tmp_path, text):
    """Somebody's broken pipeline is their usage error, not our bug."""
    file = tmp_path / "pipeline.py"
    file.write_text(text)
    assert refused(load_pipeline, file)[0::2] == ("S021", Exit.USAGE)


def test_a_step_waits_only_for_earlier_steps():
    """A step that waits for one that is not there is a mistake of the pipeline."""
    pipeline = Pipeline("own")
    with pytest.raises(ValueError, match="no earlier step"):
        pipeline.step("late", "storage", needs=("early",))(lambda run: {})


def test_a_job_result_is_its_last_json_line():
    """The job's result is found behind its talk, and its absence is told with the log's end."""
    assert job_result('{"a": 0}\nnoise\n{"a": 1}\n{not json\nbye') == {"a": 1}
    with pytest.raises(UnmetError, match="boom"):
        job_result("boom")


def own(tmp_path: Path, body: str) -> str:
    file = tmp_path / "own" / "pipeline.py"
    file.parent.mkdir()
    file.write_text(HEAD + body)
    return str(file)


def test_a_step_that_raises_fails(stack, workspace, tmp_path):
    """A step that fails in its own code fails, says how, and the next one runs."""
    body = """
@PIPELINE.step("one", "storage")
def one(run): return {}["nothing"]
@PIPELINE.step("two", "storage")
def two(run): return {"shown": run.layer("storage").tells(value=3)["value"]}
"""
    report = run_smoke(
        stack(("storage",)), workspace, secrets, own(tmp_path, body), lambda event: None, catalog=CATALOG
    )
    assert [(step.state, step.detail) for step in report.steps] == [
        ("failed", f"KeyError: 'nothing' ({tmp_path}/own/pipeline.py:5)"),
        ("passed", "3"),
    ]
    assert not report.passed
    assert report.cpu["storage"] > 0


def test_models_come_from_the_registry_that_serving_has(stack, workspace, tmp_path):
    """The stack's registry, else the one that joined because serving needs one, else none."""
    body = """
@PIPELINE.step("one", "serving")
def one(run):
    found = run.registry_of("serving")
    return {"shown": found.component.id if found else "none"}
"""
    file = own(tmp_path, body)

    def registry(plan) -> str:
        (step,) = run_smoke(plan, workspace, secrets, file, lambda event: None, catalog=CATALOG).steps
        return step.detail

    assert registry(stack(("serving",))) == "none"
    assert registry(stack(("serving", "model-registry"))) == "model-registry"
    alone = stack(("serving",))
    joined = alone.components[0].model_copy(update={"id": "serving.registry", "layers": ()})
    wire = alone.wires[0].model_copy(update={"consumer": "serving", "need": "registry", "server": "serving.registry"})
    plan = alone.model_copy(update={"components": (joined, *alone.components), "wires": (*alone.wires, wire)})
    assert registry(plan) == "serving.registry"


def test_a_job_may_have_an_environment_of_its_own(stack, workspace, tmp_path):
    """A step asks for packages and gets an interpreter that has them; where nothing can be installed, it is skipped."""
    body = """
@PIPELINE.step("one", "storage")
def one(run): return {"shown": str(run.jobs.python("six==1.17.0", range=">=3.12"))}
"""
    file, asked = own(tmp_path, body), []

    def install(packages, python):
        asked.append((packages, python))
        return tmp_path / "six"

    plan = stack(("storage",))
    (made,) = run_smoke(plan, workspace, secrets, file, lambda event: None, catalog=CATALOG, install=install).steps
    assert (made.detail, asked) == (f"{tmp_path}/six/bin/python", [(("six==1.17.0",), ">=3.12")])
    (without,) = run_smoke(plan, workspace, secrets, file, lambda event: None, catalog=CATALOG).steps
    assert (without.state, without.detail) == ("skipped", "nothing can be installed here")


def test_a_mistake_is_told_with_its_place(stack, workspace, tmp_path):
    """What fails in the user's own code, helpers included, is told with file and line; so is what does not hold."""
    body = """
import helper
@PIPELINE.step("one", "storage")
def one(run): return helper.divide(1, 0)
@PIPELINE.step("two", "storage")
def two(run): expect(1 == 2, "one is not two")
@PIPELINE.step("three", "storage")
def three(run): run.layer("storage").raises()
@PIPELINE.step("four", "storage")
def four(run): run.layer("serving")
"""
    file = own(tmp_path, body)
    (tmp_path / "own" / "helper.py").write_text("def divide(a, b):\n    return a / b\n")
    report = run_smoke(stack(("storage",)), workspace, secrets, file, lambda event: None, catalog=CATALOG)
    one, two, three, four = (step.detail for step in report.steps)
    assert one == f"ZeroDivisionError: division by zero ({tmp_path}/own/helper.py:2)"
    assert two == f"one is not two ({file}:8)"
    assert three.startswith("S014: verb failed. `raises` of `storage`")
    assert three.endswith(f"({file}:10)")
    assert four.startswith("LookupError: the stack has no `serving`")


def test_a_misspelt_layer_is_refused(tmp_path):
    """A step about a layer that does not exist would be skipped for ever: it is refused with its place."""
    file = Path(own(tmp_path, '@PIPELINE.step("one", "stroage")\ndef one(run): return {}\n'))
    with pytest.raises(StackError) as caught:
        load_pipeline(file, ("storage", "serving"))
    (told,) = caught.value.diagnostics
    assert (told.code, told.hint, str(told.where)) == ("S022", "did you mean `storage`?", f"{file}:3:1")


def test_a_broken_pipeline_is_told_with_its_place(tmp_path):
    """Where loading fails, the line is told, also when it is in a module beside the pipeline."""
    file = Path(own(tmp_path, "import broken_beside\n"))
    (file.parent / "broken_beside.py").write_text("\nx = nothing_like_this\n")
    with pytest.raises(StackError) as caught:
        load_pipeline(file)
    assert str(caught.value.diagnostics[0].where) == f"{file.parent}/broken_beside.py:2:1"
    file.write_text("a = 1\nb = = 2\n")
    with pytest.raises(StackError) as caught:
        load_pipeline(file)
    assert str(caught.value.diagnostics[0].where) == f"{file}:2:5"


def test_two_pipelines_may_call_their_helpers_the_same(tmp_path):
    """Each imports what lies beside itself, in whichever order they are loaded."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beside.py").write_text(f"NAME = {name!r}\n")
        steps = "@PIPELINE.step(beside.NAME, 'storage')\ndef step(run): return {}\n"
        (tmp_path / name / "pipeline.py").write_text(f"{HEAD}import beside\n{steps}")
    loaded = [load_pipeline(tmp_path / name / "pipeline.py") for name in ("one", "two", "one")]
    assert [pipeline.steps[0].title for pipeline in loaded] == ["one", "two", "one"]


def test_a_layer_with_two_tools_gets_its_verbs_twice(stack, workspace, tmp_path):
    """A step that is about a layer runs for each of its components."""
    body = """
@PIPELINE.step("one", "storage", each=True)
def one(run): return {"shown": run.layer("storage").component.id}
"""
    plan = stack(("storage", "database"))
    second = plan.components[1].model_copy(update={"id": "storage:other", "layers": ("storage",)})
    plan = plan.model_copy(update={"components": (plan.components[0], second), "wires": plan.wires[:1]})
    report = run_smoke(plan, workspace, secrets, own(tmp_path, body), lambda event: None, catalog=CATALOG)
    assert [(step.component, step.detail) for step in report.steps] == [
        ("storage", "storage"),
        ("storage:other", "storage:other"),
    ]


def test_an_environment_that_is_gone_fails_its_steps(stack, workspace, tmp_path):
    """Where a tool's environment was removed, its step fails and says so; the others run."""
    plan = stack(("storage", "database"))
    gone = plan.environments[0].model_copy(update={"key": "gone", "prefix": str(tmp_path / "gone")})
    own_way = plan.components[0].endpoints["main"].model_copy(update={"interface": "no-client"})
    first = plan.components[0].model_copy(update={"environment": "gone", "endpoints": {"main": own_way}})
    plan = plan.model_copy(
        update={"environments": (*plan.environments, gone), "components": (first, plan.components[1])}
    )
    body = """
@PIPELINE.step("one", "storage")
def one(run): return run.layer("storage").tells()
@PIPELINE.step("two", "database")
def two(run): return {"shown": run.layer("database").tells(value=1)["value"]}
"""
    report = run_smoke(plan, workspace, secrets, own(tmp_path, body), lambda event: None, catalog=CATALOG)
    assert [step.state for step in report.steps] == ["failed", "passed"]
    assert report.steps[0].detail.startswith("S015: environment is not there")


def test_an_interrupt_ends_the_workers(stack, workspace, tmp_path):
    """Ctrl-C in a step leaves no worker and no file with credentials behind."""
    body = """
import os, signal
@PIPELINE.step("one", "storage")
def one(run):
    run.jobs.env()
    pids = str(run.worker(run.layer("storage").component)._process._child.pid)
    (run.dir / "pid").write_text(pids)
    os.kill(os.getpid(), signal.SIGINT)
"""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        run_smoke(stack(("storage",)), workspace, secrets, own(tmp_path, body), lambda event: None, catalog=CATALOG)
    pid = int((workspace / "jobs" / "smoke" / "_pipeline" / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not (workspace / "jobs" / "smoke" / "_job" / "stack-job.json").exists()
