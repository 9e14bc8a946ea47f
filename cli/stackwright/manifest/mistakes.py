"""What the shape of a manifest can get wrong, told in the manifest's own words and places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from stackwright.errors import Diagnostic, Where
from stackwright.manifest.schema import ManifestShape
from stackwright.misfits import Codes, dotted, misfits, path_of
from stackwright.yamlfile import Document, Path_, shown

_LATER = {
    "ttl": "It will take the stack down by itself after a while; until then, `stack down` does.",
    "version": "It will choose another version of a tool; this release runs the one version its catalog has proven.",
}
_IN_A_CLUSTER = {
    "context": "context: my-cluster",
    "registry": "registry: registry.example.org/team",
    "storage": "storage: 8Gi",
    "storage_class": "storage_class: standard",
    "region": "region: eu-central-1",
}
_CODES = Codes(
    unknown=("M001", "unknown key"), missing=("M003", "key is missing"), wrong=("M006", "value is of the wrong kind")
)


def mistakes(errors: Iterable[ErrorDetails], document: Document) -> list[Diagnostic]:
    """One diagnostic for each thing that does not fit the shape."""
    found, others = [], []
    for error in errors:
        if own := _mistake(error, path_of(error, document), document):
            found.append(own)
        else:
            others.append(error)
    return found + misfits(others, document, ManifestShape, _CODES)


def _mistake(error: ErrorDetails, path: Path_, document: Document) -> Diagnostic | None:
    """What a manifest has more to say about than that it does not fit."""
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden" and path[-1] in _LATER:
        detail, where = f"`{path[-1]}`: {_LATER[str(path[-1])]}", document.where(*path, key=True)
        return Diagnostic("M002", "key is not honoured yet", detail, where, "leave the key out")
    if kind == "missing":
        return missing(path, document)
    if kind == "string_pattern_mismatch":
        return _not_a_name(path, value, document.where(*path, key=error["loc"][-1] == "[key]"))
    return None


def missing(path: Path_, document: Document) -> Diagnostic:
    """A key that has to be there and is not."""
    around, key = path[:-1], str(path[-1])
    detail = f"`{dotted(around)}` needs `{key}`." if around else f"A manifest needs `{key}`."
    example = {"name": "name: my-stack", "tool": "tool: NAME", "layers": "layers: {LAYER: TOOL}"}.get(key, f"{key}: …")
    hint = f"add a line\n    {example}"
    if key == "tool":
        hint += "\nthe tools of a layer are listed by\n    stack catalog list"
    return Diagnostic(*_CODES.missing, detail, document.where(*around), hint)


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
    if path[0] == "cluster":
        example = _IN_A_CLUSTER.get(str(path[-1]), "type: NAME")
        detail = f"`{shown(value)}` in `{dotted(path)}` is not what is wanted there."
        return Diagnostic("M031", "value is not for a cluster", detail, where, f"write it like\n    {example}")
    if path[0] == "jobs":
        example = 'debian: ["r-base-core>=4,<5"]' if path[1] == "debian" else "system: [node]"
        detail = f"`{shown(value)}` in `{dotted(path[:2])}` is not what is wanted there."
        return Diagnostic("M024", "software is not named", detail, where, f"write it like\n    {example}")
    detail = f"`{shown(value)}` cannot be the name of anything: those have letters, digits, `-`, `_`, `.` and `:`."
    return Diagnostic("M005", "value is not a name", detail, where, "the names are listed by\n    stack catalog list")
