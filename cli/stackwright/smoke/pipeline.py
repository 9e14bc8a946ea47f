"""What a pipeline is: steps that speak of layers, never of tools, and assert what must hold between them.

PIPELINE = Pipeline("lifecycle")

@PIPELINE.step("object stored", "storage", each=True)
def store(run: Run) -> Evidence:
    run.layer("storage").put(key="a", data_file=str(run.data / "wine.csv"))
    ...
    expect(back == sent, "the object came back changed")
    return {"sha256": back}
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.errors import Diagnostic, Exit, StackError, nearest
from stackwright.folders import shipped

if TYPE_CHECKING:
    from stackwright.smoke.run import Run

# What flowed: ids, hashes, counts. `shown` is a line for people; names with a `_` are for later steps only.
Evidence = dict[str, Any]
StepFunction = Callable[["Run"], Evidence]


class UnmetError(Exception):
    """Something that must hold does not."""


class NothingToCheck(Exception):  # noqa: N818
    """A step found out that it has nothing to check here."""


def expect(condition: bool, otherwise: str) -> None:
    """Fail this step, in these words, unless the condition holds."""
    if not condition:
        raise UnmetError(otherwise)


def job_result(log: str) -> dict[str, Any]:
    """What a job printed for its harness: the last line of its log that is a JSON object."""
    for line in reversed(log.splitlines()):
        if line.startswith("{"):
            try:
                found: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            return found
    raise UnmetError(f"the job's log, as the orchestrator has it, ends without a result: {log[-500:]!r}")


@dataclass(frozen=True)
class StepSpec:
    """One step as its pipeline declares it."""

    name: str
    title: str
    layers: tuple[str, ...]  # all must be there; the first is the one it is about
    needs: tuple[str, ...]  # steps that must have passed
    after: tuple[str, ...]  # steps that must not have failed; a layer that is absent does not matter
    each: bool  # once for every component of its first layer
    function: StepFunction


@dataclass
class Pipeline:
    """A named list of steps, run in the order they are written in."""

    name: str
    steps: list[StepSpec] = field(default_factory=list)

    def step(
        self, title: str, *layers: str, needs: tuple[str, ...] = (), after: tuple[str, ...] = (), each: bool = False
    ) -> Callable[[StepFunction], StepFunction]:
        """Declare the decorated function as the next step; other steps refer to it by its name."""

        def declare(function: StepFunction) -> StepFunction:
            known = {step.name for step in self.steps}
            unknown = [name for name in (*needs, *after) if name not in known]
            if unknown:
                raise ValueError(f"step `{function.__name__}` waits for `{unknown[0]}`, which is no earlier step")
            self.steps.append(StepSpec(function.__name__, title, layers, needs, after, each, function))
            return function

        return declare


def find_pipeline(word: str | None) -> Path:
    """The file of a pipeline: a shipped one by name (`lifecycle` when none is named), or a path."""
    home = shipped() / "smoke_tests"
    word = word or "lifecycle"
    named = [home / word / "pipeline.py"] if "/" not in word else []
    for file in (*named, Path(word) / "pipeline.py", Path(word)):
        if file.is_file():
            return file.resolve()
    known = sorted(file.parent.name for file in home.glob("*/pipeline.py"))
    close = nearest(word, known)
    hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(known)}; or give the path of a pipeline.py"
    raise StackError(
        Diagnostic("S020", "unknown pipeline", f"There is no pipeline `{word}`.", hint=hint), exit_code=Exit.USAGE
    )


def load_pipeline(file: Path) -> Pipeline:
    """The `PIPELINE` of that file."""
    spec = importlib.util.spec_from_file_location(f"stackwright_pipeline_{file.parent.name.replace('-', '_')}", file)
    try:
        if spec is None or spec.loader is None:
            raise ImportError("it is not a Python file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found = module.PIPELINE
        if not isinstance(found, Pipeline) or not found.steps:
            raise TypeError("its PIPELINE is not a Pipeline with steps")
    except (Exception, SystemExit) as error:  # a pipeline is somebody's program
        raise StackError(
            Diagnostic(
                "S021",
                "pipeline cannot be loaded",
                f"`{file}` fails with {type(error).__name__}: {error}.",
                hint='a pipeline.py defines\n    PIPELINE = Pipeline("name")',
            ),
            exit_code=Exit.USAGE,
        ) from error
    return found
