"""What the shape of a manifest can get wrong, told in the manifest's own words and places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from stackwright.errors import Diagnostic, Where, nearest
from stackwright.manifest.schema import DockerShape, JobsShape, ManifestShape, SecretShape, Shape, ToolShape
from stackwright.yamlfile import Document, Path_, shown

_LATER = {
    "ttl": "It will take the stack down by itself after a while; until then, `stack down` does.",
    "cluster": "It will say on which cluster components run; this release runs them on this machine.",
    "registry": "It will say where container images are kept; this release makes them here.",
    "version": "It will choose another version of a tool; this release runs the one version its catalog has proven.",
}
_EXPECTED = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping, `key: value` lines",
    "model_type": "a mapping, `key: value` lines",
    "too_short": "something: it is empty",
    "string_too_short": "something: it is empty",
}


def mistakes(errors: Iterable[ErrorDetails], document: Document) -> list[Diagnostic]:
    """One diagnostic for each thing that does not fit the shape."""
    return [_mistake(error, path_of(error, document), document) for error in errors]


def path_of(error: ErrorDetails, document: Document) -> Path_:
    """The way to a value in the file: pydantic also names branches of unions, and says `[key]` after a bad key."""
    path: list[str | int] = []
    data: Any = document.data
    for step in error["loc"]:
        there = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if there:
            data = data[step]
            path.append(step)
    return (*path, error["loc"][-1]) if error["type"] == "missing" else tuple(path)


def _mistake(error: ErrorDetails, path: Path_, document: Document) -> Diagnostic:
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown_key(path, document.where(*path, key=True))
    if kind == "missing":
        return missing(path, document)
    if kind == "string_pattern_mismatch":
        at_key = error["loc"][-1] == "[key]"
        return _not_a_name(path, value, document.where(*path, key=at_key))
    return _wrong_kind(kind, path, value, document.where(*path))


def _unknown_key(path: Path_, where: Where) -> Diagnostic:
    key = str(path[-1])
    if key in _LATER:
        return Diagnostic("M002", "key is not honoured yet", f"`{key}`: {_LATER[key]}", where, "leave the key out")
    known = list(_keys_around(path))
    near = nearest(key, known) if len(key) <= 80 else None
    hint = f"did you mean `{near}`?" if near else f"the keys here are {listed(known)}"
    around = f" under `{dotted(path[:-1])}`" if len(path) > 1 else ""
    return Diagnostic("M001", "unknown key", f"`{shown(key)}` means nothing{around}.", where, hint)


def _keys_around(path: Path_) -> Iterable[str]:
    if "endpoint" in path:
        return SecretShape.model_fields
    parts: dict[str | int, type[Shape]] = {"jobs": JobsShape, "docker": DockerShape}
    shape = ManifestShape if len(path) == 1 else parts.get(path[0], ToolShape)
    return shape.model_fields


def missing(path: Path_, document: Document) -> Diagnostic:
    """A key that has to be there and is not."""
    around, key = path[:-1], str(path[-1])
    detail = f"`{dotted(around)}` needs `{key}`." if around else f"A manifest needs `{key}`."
    example = {"name": "name: my-stack", "tool": "tool: NAME", "layers": "layers: {LAYER: TOOL}"}.get(key, f"{key}: …")
    hint = f"add a line\n    {example}"
    if key == "tool":
        hint += "\nthe tools of a layer are listed by\n    stack catalog list"
    return Diagnostic("M003", "key is missing", detail, document.where(*around), hint)


def not_a_stack_name(name: str, where: Where | None = None, typed: str = "name:") -> Diagnostic:
    """A stack's name that cannot be one, with the nearest that can."""
    detail = f"`{shown(name)}` is not a stack's name: 1 to 31 small letters, digits and `-`, a letter first."
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()[:200]).strip("-0123456789")[:31].rstrip("-")
    return Diagnostic("M004", "name is not usable", detail, where, f"write\n    {typed} {near or 'my-stack'}")


def _not_a_name(path: Path_, value: Any, where: Where) -> Diagnostic:
    if path == ("name",):
        return not_a_stack_name(value, where)
    if path[-1] == "env" and "endpoint" in path:
        detail = f"`{shown(value)}` cannot be the name of a variable: those have letters, digits and `_`."
        return Diagnostic("M023", "value is not a variable", detail, where, "write\n    {env: NAME}")
    if path[0] == "docker":
        detail = f"`{shown(value)}` cannot be the name of an image."
        return Diagnostic("M025", "value is not an image", detail, where, "write it like\n    base: python:3.12-slim")
    if path[0] == "jobs":
        example = 'debian: ["r-base-core>=4,<5"]' if path[1] == "debian" else "system: [node]"
        detail = f"`{shown(value)}` in `{dotted(path[:2])}` is not what is wanted there."
        return Diagnostic("M024", "software is not named", detail, where, f"write it like\n    {example}")
    detail = f"`{shown(value)}` cannot be the name of anything: those have letters, digits, `-`, `_`, `.` and `:`."
    return Diagnostic("M005", "value is not a name", detail, where, "the names are listed by\n    stack catalog list")


def _wrong_kind(kind: str, path: Path_, value: Any, where: Where) -> Diagnostic:
    expected = _EXPECTED.get(kind)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        place = path[2:] if len(path) > 2 else ()
        plain = "needs" in place
        expected = "a name or a list of names" if plain else "a tool's name, a list of them, or a mapping with `tool`"
    detail = f"`{dotted(path)}` has to be {expected or 'a text, a number, true or false'}"
    detail += "." if kind.endswith("too_short") else f", not {kind_of(value)}."
    hint = ""
    if kind == "string_type" and isinstance(value, int | float):
        hint = f'put it in quotes: "{shown(value)}"'
    elif kind == "list_type" and isinstance(value, str):
        hint = f"write\n    {path[-1]}: [{shown(value)}]"
    return Diagnostic("M006", "value is of the wrong kind", detail, where, hint)


def kind_of(value: Any) -> str:
    """What a value is, for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the text `{shown(value)}`"
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"


def dotted(path: Path_) -> str:
    """A path as people write it: `layers.serving.tool`, `jobs.packages[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}" if text else shown(step)
    return text


def listed(words: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
