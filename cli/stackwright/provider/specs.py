"""Specs as resources carry them: JSON documents in an attribute."""

from __future__ import annotations

import json
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.provider.servicer import State
from stackwright.provider.values import Unknown


def spec_of(state: State) -> Any:
    """The spec as data; UNKNOWN while Terraform does not know it."""
    return state["spec"] if isinstance(state["spec"], Unknown) else json.loads(state["spec"])


def check(config: State, attribute: str = "", key: str = "") -> None:
    """The spec is a JSON object, and names what the attribute names."""
    text = config["spec"]
    if text is None or isinstance(text, Unknown):
        return
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise StackError(
            Diagnostic("E004", "spec is not JSON", f"The attribute `spec` is not JSON: {error}.")
        ) from None
    named = config.get(attribute)
    if not isinstance(spec, dict) or (isinstance(named, str) and spec.get(key) != named):
        detail = f"The attribute `spec` must be a JSON object whose `{key}` is `{named}`." if key else "Not an object."
        raise StackError(Diagnostic("E005", "spec is of something else", detail))


def difference(before: Any, after: Any) -> str:
    """Which parts of a spec changed, by name only: a value may be long, or private."""
    parts = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    return f"changed: {', '.join(parts)}" if parts else "what runs is not what was asked for"
