"""The syntax of a recipe's trees: references `{{ a.b.c }}` and the forms `when`, `first`, `each`.

It is this small on purpose: no filters, no arithmetic, so that `checks.py` can prove every use without running it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

TreePath = tuple[str | int, ...]
Form = Literal["when", "each", "first"]

NAME = r"[a-z][a-z0-9_]*"
_REFERENCE = re.compile(rf"\{{\{{ ({NAME}(?:\.{NAME})*) \}}\}}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted path between double braces."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Found:
    """A reference and where it stands: the way through the tree, and the offset in the text there."""

    reference: Reference
    at: TreePath
    offset: int


class MalformedError(ValueError):
    """A text with `{{` that does not start a reference."""


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[str | Reference, ...]:
    """The literal parts and references of a text, in order. MalformedError: a `{{` without a reference."""
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts += [text[end : match.start()], Reference(tuple(match[1].split(".")))]
        end = match.end()
    parts.append(text[end:])
    if any(isinstance(part, str) and "{{" in part for part in parts):
        raise MalformedError(text)
    return tuple(part for part in parts if part != "")


def references(tree: Any, at: TreePath = ()) -> Iterator[Found]:
    """Every reference in a tree, with its place; `when` and `each` name paths without braces and are not listed."""
    if isinstance(tree, str):
        for match in _REFERENCE.finditer(tree):
            yield Found(Reference(tuple(match[1].split("."))), at, match.start())
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from references(value, (*at, key))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from references(value, (*at, index))


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


def almost_a_form(node: dict[str, Any]) -> bool:
    """Whether a mapping that is no form looks meant as one."""
    keys = set(node)
    if keys & {"when", "each"}:
        return bool(keys & {"value", "items"}) or any(
            str(node.get(key, "")).startswith(("needs.", "settings.")) for key in ("when", "each")
        )
    return "first" in keys and any(form_of(item) for item in node["first"] if isinstance(node["first"], list))


def condition(when: Any) -> tuple[tuple[str, ...], Any]:
    """The path a condition tests and the literal it must equal; `ANY`: it only has to be there."""
    if isinstance(when, dict) and len(when) == 1:
        ((path, literal),) = when.items()
        return tuple(str(path).split(".")), literal
    return tuple(str(when).split(".")), ANY


class _Any:
    def __repr__(self) -> str:
        return "anything"


ANY = _Any()
