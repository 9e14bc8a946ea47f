"""What jobs and smoke workers import: the stack's layers by name, never its tools. Standard library only."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from stackwright_job.entry import Context, load_verbs


class Layer:
    """One layer of the running stack; its verbs are methods, run in this process with the tool's own client."""

    def __init__(self, name: str, description: dict[str, Any], folder: Path) -> None:
        self.name = name
        self.component: str = description["component"]
        self._verbs = load_verbs(Path(description["verbs"]))
        own = folder / self.component.replace(":", "--")
        own.mkdir(parents=True, exist_ok=True)
        self._context = Context.of(description, own)

    def __getattr__(self, verb: str) -> Any:
        if verb.startswith("_") or verb not in self._verbs:
            known = ", ".join(f"`{name}`" for name in sorted(self._verbs))
            raise AttributeError(f"`{self.component}` does not speak `{verb}`; it speaks {known}")
        # A fresh context a call: its deadline counts from now.
        return lambda **arguments: self._verbs[verb](replace(self._context), **arguments)


@cache
def _description() -> dict[str, Any]:
    file = os.environ.get("STACK_JOB_FILE")
    if not file:
        raise RuntimeError("this is not a job of a stack: STACK_JOB_FILE is not set")
    description: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    return description


def has(name: str) -> bool:
    """Whether the stack has this layer."""
    return name in _description()["layers"]


@cache
def layer(name: str) -> Layer:
    """The stack's layer of that name, ready to be spoken to: `layer("compute-engine").map(...)`."""
    description = _description()
    if name not in description["layers"]:
        known = ", ".join(f"`{known}`" for known in sorted(description["layers"]))
        raise LookupError(f"the stack has no `{name}` that a job can speak to; it has {known}")
    return Layer(name, description["layers"][name], Path(description["dir"]))
