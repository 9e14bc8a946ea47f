"""A catalog entry's smoke.py: plain functions, one a verb, `def put(ctx, key, data_file)`."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass
class Context:
    """What a verb gets: addresses and credentials, the entry's files, and a folder of its own."""

    endpoints: dict[str, dict[str, Any]]  # name -> field -> value, of the component itself
    needs: dict[str, dict[str, Any]]  # need -> field -> value, with the component's own credentials
    files: dict[str, str]  # path inside the component's run folder -> where it is
    env: dict[str, str]  # a library's variables; empty for a service
    dir: Path
    timeout: float = 120.0
    started: float = field(default_factory=time.monotonic, init=False)

    @classmethod
    def of(cls, told: dict[str, Any], folder: Path) -> Context:
        """What the harness told of a component, for verbs that work in that folder."""
        timeout = float(told.get("timeout", 600))
        return cls(told["endpoints"], told["needs"], told["files"], told["env"], folder, timeout)

    @property
    def left(self) -> float:
        """Seconds until the harness gives this verb up; at least one."""
        return max(1.0, self.timeout - (time.monotonic() - self.started))


def load_module(file: Path, name: str) -> ModuleType:
    """The module in that file, known to pickle and others by that name."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_verbs(file: Path) -> dict[str, Callable[..., Any]]:
    """The verbs in a tool's smoke.py, or its interface's: public functions whose first parameter is `ctx`."""
    module = load_module(file, f"stackwright_{file.stem}_{file.parent.name}".replace("-", "_"))
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), None) == "ctx"
    }
