"""What does not fit a model, told with its place in the file and the nearest valid word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from stackwright.errors import Diagnostic, did_you_mean, listed
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
    "dict_type": "a mapping, `key: value` lines",
    "model_type": "a mapping, `key: value` lines",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_short": "something: it is empty",
    "string_too_short": "something: it is empty",
}


@dataclass(frozen=True, slots=True)
class Codes:
    """Code and summary of each way in which a kind of file does not fit its model."""

    unknown: tuple[str, str]
    missing: tuple[str, str]
    wrong: tuple[str, str]


def misfits(
    errors: Iterable[ErrorDetails],
    document: Document,
    model: type[BaseModel],
    codes: Codes,
    given: Collection[str] = (),
) -> list[Diagnostic]:
    """Every mistake that pydantic found in a document; no file may write the keys that are `given`."""
    found: list[Diagnostic] = []
    wrong: dict[Path_, list[ErrorDetails]] = {}
    for error in errors:
        path = path_of(error, document)
        if error["type"] == "extra_forbidden":
            known = [key for key in _keys_of(model, path[:-1]) if key not in given]
            found.append(unknown_key(document, path, known, codes))
        elif error["type"] == "missing":
            detail = f"{f'`{dotted(path[:-1])}`' if path[:-1] else 'The file'} needs `{path[-1]}`."
            found.append(Diagnostic(*codes.missing, detail, document.where(*path[:-1])))
        else:
            wrong.setdefault(path, []).append(error)  # one for every branch of a union
    return found + [_wrong(document, path, several, codes) for path, several in wrong.items()]


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


def unknown_key(document: Document, path: Path_, known: Collection[str], codes: Codes) -> Diagnostic:
    """The diagnostic for a key that nothing reads, with the known key it most likely meant."""
    around = f" under `{dotted(path[:-1])}`" if len(path) > 1 else ""
    hint = did_you_mean(str(path[-1]), known, f"the keys here are {listed(known)}" if known else "")
    detail = f"`{shown(path[-1])}` means nothing{around}."
    return Diagnostic(*codes.unknown, detail, document.where(*path, key=True), hint)


def _wrong(document: Document, path: Path_, errors: list[ErrorDetails], codes: Codes) -> Diagnostic:
    value, wanted, hint = errors[0]["input"], dict[str, None](), ""
    for error in errors:
        kind, said = error["type"], error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        quoted = re.sub(r"'([^']*)'", r"`\1`", said).replace("String should match pattern", "of the form")
        wanted[_WANTED.get(kind) or quoted] = None
        if kind == "literal_error":
            hint = did_you_mean(str(value), re.findall(r"'([^']*)'", said), hint)
        elif kind == "string_type" and isinstance(value, int | float):
            hint = f'put it in quotes: "{shown(value)}"'
        elif kind == "list_type" and isinstance(value, str):
            hint = f"write\n    {path[-1]}: [{shown(value)}]"
    instead = "" if errors[0]["type"].endswith("too_short") else f", not {_kind_of(value)}"
    detail = f"`{dotted(path)}` has to be {' or '.join(wanted)}{instead}."
    return Diagnostic(*codes.wrong, detail, document.where(*path), hint)


def _kind_of(value: Any) -> str:
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


def _keys_of(annotation: Any, path: Path_) -> list[str]:
    """The keys that a model, or what an annotation holds at the path, knows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {(info.alias or name): info.annotation for name, info in annotation.model_fields.items()}
        return _keys_of(fields.get(str(path[0])), path[1:]) if path else list(fields)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _keys_of(parts[0], path)
    if origin in (dict, list, tuple):
        return _keys_of(parts[1 if origin is dict else 0], path[1:]) if path else []
    return [key for part in parts for key in _keys_of(part, path)] if origin in (Union, UnionType) else []
