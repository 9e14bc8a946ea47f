"""The syntax of a recipe's trees: references `{{ a.b.c }}` and the forms `when`, `first`, `each`.

It is this small on purpose: no filters, no arithmetic, so that `checks.py` can prove every use without running it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

Reference = tuple[str, ...]  # the words of a dotted path between double braces
Form = Literal["when", "each", "first"]

NAME = r"[a-z][a-z0-9_]*"
ANY = object()  # what a condition compares with that only wants its path to lead somewhere
_REFERENCE = re.compile(rf"\{{\{{ ({NAME}(?:\.{NAME})*) \}}\}}")


class MalformedError(ValueError):
    """A text with `{{` that does not start a reference."""


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[str | Reference, ...]:
    """The literal parts and references of a text, in order. MalformedError: a `{{` without a reference."""
    parts = _REFERENCE.split(text)  # literals and references take turns
    if any("{{" in literal for literal in parts[::2]):
        raise MalformedError(text)
    return tuple(tuple(part.split(".")) if index % 2 else part for index, part in enumerate(parts) if part)


def references(text: str) -> list[Reference]:
    """Every reference in a text, in order, also of a malformed one."""
    return [tuple(path.split(".")) for path in _REFERENCE.findall(text)]


def form_of(node: Any) -> Form | None:
    """Which form a node is; every other mapping is data."""
    if not isinstance(node, dict):
        return None
    keys = set(node)
    if keys in ({"when", "value"}, {"when", "items"}):
        return "when"
    if keys in ({"each", "value"}, {"each", "items"}):
        return "each"
    return "first" if keys == {"first"} and isinstance(node["first"], list) else None


def condition(when: Any) -> tuple[tuple[str, ...], Any]:
    """The path a condition tests and the literal it must equal; `ANY`: it only has to be there."""
    if isinstance(when, dict) and len(when) == 1:
        ((path, literal),) = when.items()
        return tuple(str(path).split(".")), literal
    return tuple(str(when).split(".")), ANY
