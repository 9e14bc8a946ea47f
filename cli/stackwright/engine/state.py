"""The state file: read without starting Terraform, and put aside when it is damaged."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from stackwright.errors import Diagnostic, StackError

STATE = "terraform.tfstate"
_HINT = "what still runs is found and adopted by\n    stack up\nor found and ended by\n    stack down"
_VERSION = 4


class LostStateError(StackError):
    """Terraform no longer knows what it made; what runs has to be found another way, and the sweep does."""


def read(folder: Path) -> dict[str, Any] | None:
    """The state, or None when there is none; LostStateError when it is damaged, with a copy put aside."""
    path = folder / STATE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = json.loads(text)
        _check(state)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(_put_aside(path), error) from None
    return dict(state)


def lost() -> LostStateError:
    """There was a state, and now there is none."""
    return LostStateError(
        Diagnostic(
            "E021",
            "Terraform's state is not there",
            "An `up` was begun, but there is no file that says what it made: "
            "it was stopped before one was written, or somebody removed it.",
            hint=_HINT,
        )
    )


def _check(state: Any) -> None:
    if state["version"] != _VERSION:
        raise ValueError(f"its version is {state['version']!r}, not {_VERSION}")
    if not isinstance(state["lineage"], str) or not isinstance(state["serial"], int):
        raise ValueError("its lineage or serial is not what Terraform writes")
    for resource in state["resources"]:
        for instance in resource["instances"]:
            if not isinstance(instance.get("attributes"), dict):
                raise ValueError(f"an instance of {resource['type']!r} has no attributes")
    if not isinstance(state["outputs"], dict):
        raise ValueError("its outputs are not an object")


def _put_aside(path: Path) -> Path:
    aside = path.with_name(f"{STATE}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    path.replace(aside)
    return aside


def _damaged(copy: Path, error: Exception) -> LostStateError:
    return LostStateError(
        Diagnostic(
            "E020",
            "Terraform's state is damaged",
            f"The state file cannot be read ({_why(error)}). It is kept as `{copy}`.",
            hint=_HINT,
        )
    )


def _why(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
