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
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.errors import Diagnostic, Exit, StackError, Where, did_you_mean
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

    @property
    def where(self) -> Where:
        """The place it is declared at."""
        code = inspect.unwrap(self.function).__code__
        return Where(_seen_from_here(code.co_filename), code.co_firstlineno)


@dataclass
class Pipeline:
    """A named list of steps, run in the order they are written in."""

    name: str
    data: str = "data"  # the folder of its data, seen from its own
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
    hint = did_you_mean(word, known, f"there are: {', '.join(known)}; or give the path of a pipeline.py")
    raise StackError(
        Diagnostic("S020", "unknown pipeline", f"There is no pipeline `{word}`.", hint=hint), exit_code=Exit.USAGE
    )


def load_pipeline(file: Path, layers: Collection[str] = ()) -> Pipeline:
    """The `PIPELINE` of that file, which may import what lies beside it and the shipped checks; its `layers` exist."""
    _let_import(file.parent)
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
                where=where(error, file.parent),
                hint='a pipeline.py defines\n    PIPELINE = Pipeline("name")',
            ),
            exit_code=Exit.USAGE,
        ) from error
    if layers:
        _check_layers(found, layers)
    return found


def _let_import(folder: Path) -> None:
    """What lies beside a pipeline can be imported until the next is loaded, which may call its helpers the same."""
    for name, module in [*sys.modules.items()]:
        spec = getattr(module, "__spec__", None)
        if spec and spec.origin and str(Path(spec.origin).parent) in _beside:
            del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path not in _beside]
    _beside[:] = [str(folder)]
    sys.path += [path for path in (*_beside, str(shipped() / "smoke_tests")) if path not in sys.path]


_beside: list[str] = []  # the folder that the last pipeline is in


def _check_layers(pipeline: Pipeline, layers: Collection[str]) -> None:
    """A misspelt layer would be one that no stack has: its step would be skipped for ever."""
    unknown = [
        Diagnostic(
            "S022",
            "unknown layer in a pipeline",
            f"The step `{step.name}` is about `{layer}`, which is no layer.",
            where=step.where,
            hint=did_you_mean(layer, layers, f"there are: {', '.join(layers)}"),
        )
        for step in pipeline.steps for layer in step.layers if layer not in layers
    ]  # fmt: skip
    if unknown:
        raise StackError(unknown, exit_code=Exit.USAGE)


def where(error: BaseException, folder: Path) -> Where | None:
    """The last line of that folder's own code that an exception came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return Where(_seen_from_here(error.filename), error.lineno or 1, error.offset or 1)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return Where(_seen_from_here(own[-1].filename), own[-1].lineno or 1) if own else None


def _seen_from_here(file: str) -> str:
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative
