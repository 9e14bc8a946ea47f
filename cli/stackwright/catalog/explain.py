"""What does not fit a model, told with its place in the file and the nearest valid word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stackwright.errors import Diagnostic, nearest
from stackwright.yamlfile import Document, Path_, shown

# What pydantic calls an error, in the words of a person who writes YAML.
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "none_required": "empty",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
}


def explain(
    error: ValidationError, document: Document, model: type[BaseModel], at: Path_ = (), given: tuple[str, ...] = ()
) -> list[Diagnostic]:
    """Every mistake pydantic found in the part of the document at `at`, with its place and the nearest valid word.

    `given` are keys of the model that the loader supplies and no file may write.
    """
    wrong: dict[Path_, list[ErrorDetails]] = {}
    found: list[Diagnostic] = []
    for item in error.errors(include_url=False):
        path = _written(document.data, (*at, *item["loc"]))
        if item["type"] == "extra_forbidden":
            found.append(unknown_key(document, path, _keys_of(model, path[len(at) : -1]) - set(given)))
        elif item["type"] == "missing":
            detail = f"`{item['loc'][-1]}` has to be there{_inside(path)}."
            found.append(Diagnostic("C004", "key is missing", detail, document.where(*path, key=True)))
        else:
            wrong.setdefault(path, []).append(item)  # one error for every branch of a union
    found += [_wrong_value(document, path, items) for path, items in wrong.items()]
    return sorted(
        found, key=lambda diagnostic: (diagnostic.where.line, diagnostic.where.column) if diagnostic.where else (0, 0)
    )


def unknown_key(document: Document, path: Path_, known: Iterable[str]) -> Diagnostic:
    """The diagnostic for a key that nothing reads, with the known key it most likely meant."""
    key, known = str(path[-1]), sorted(known)
    likely = nearest(key[:80], known)
    hint = f"did you mean `{likely}`?" if likely else f"the keys here are {', '.join(f'`{word}`' for word in known)}"
    detail = f"Nothing reads `{shown(key)}`{_inside(path[:-1])}."
    return Diagnostic("C005", "key is unknown", detail, document.where(*path, key=True), hint if known else "")


def _wrong_value(document: Document, path: Path_, items: list[ErrorDetails]) -> Diagnostic:
    wanted: dict[str, None] = {}
    hint = ""
    value = items[0]["input"]
    for item in items:
        choices = re.findall(r"'([^']*)'", str(item.get("ctx", {}).get("expected", "")))
        likely = nearest(str(value)[:80], choices)
        hint = f"did you mean `{likely}`?" if likely else hint
        if item["type"] == "string_type" and isinstance(value, int | float):
            hint = "put it in quotes"
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        words = " or ".join(f"`{choice}`" for choice in choices) if choices else _WANTED.get(item["type"], message)
        wanted[words] = None
    name = ".".join(str(part) for part in path)
    detail = f"`{name}` is `{shown(value)}`; wanted is {' or '.join(wanted)}."
    return Diagnostic("C006", "value does not fit", detail, document.where(*path), hint)


def _inside(path: Path_) -> str:
    return f" in `{'.'.join(str(part) for part in path)}`" if path else ""


def _written(data: Any, loc: tuple[str | int, ...]) -> Path_:
    """The part of a pydantic location that is in the file; it also names branches of unions and missing keys."""
    path: list[str | int] = []
    for part in loc:
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and part in range(len(data))):
            data = data[part]  # type: ignore[index]
            path.append(part)
    return tuple(path)


def _keys_of(annotation: Any, path: Path_) -> set[str]:
    """The keys that a model, or what an annotation holds at the path, knows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {(info.alias or name): info.annotation for name, info in annotation.model_fields.items()}
        return _keys_of(fields.get(str(path[0])), path[1:]) if path else set(fields)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _keys_of(parts[0], path)
    if origin is dict:
        return _keys_of(parts[1], path[1:]) if path else set()
    if origin in (tuple, list):
        return _keys_of(parts[0], path[1:]) if path else set()
    return {key for part in parts for key in _keys_of(part, path)} if origin in (Union, UnionType) else set()
