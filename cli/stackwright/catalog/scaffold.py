"""Writes the beginning of an entry: files that pass `check` and say in comments what belongs where."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stackwright.catalog.load import ID, Catalog
from stackwright.catalog.lock import compile_lock, oldest
from stackwright.catalog.rules.beside import locked_versions, normal
from stackwright.errors import Diagnostic, Exit, StackError, did_you_mean
from stackwright.folders import shipped

PYTHON = ">=3.11,<3.14"
KINDS = ("service", "library", "job")
_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:==([A-Za-z0-9][A-Za-z0-9.+!]*))?")


def scaffold(catalog: Catalog, tool_id: str, layers: Sequence[str], kind: str, package: str) -> Path:
    """A new folder in the last of the catalogs, with the newest version of the package; the lock comes with it."""
    if wrong := _mistakes(catalog, tool_id, layers, kind, package):
        raise StackError(wrong, Exit.USAGE)
    name = package.partition("==")[0]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "lock.txt"
        try:
            compile_lock([package], oldest(PYTHON), file, tool_id)
        except StackError as error:
            hint = "name its package, or another version of it, with\n    --package NAME[==VERSION]"
            raise StackError([replace(said, hint=hint) for said in error.diagnostics]) from error
        lock = file.read_text(encoding="utf-8")
    (version,) = list(locked_versions(lock)[normal(name)])[:1]
    known = catalog.layers()
    texts = _rendered(
        tool=tool_id, kind=kind, package=name, version=version, python=PYTHON,
        layers=[known[layer] for layer in layers],
        module=re.sub(r"[-.]+", "_", name), variable=tool_id.replace("-", "_").upper(),
    )  # fmt: skip
    folder = catalog.folders[-1] / tool_id
    folder.mkdir(parents=True)
    for path, text in {**texts, "lock.txt": lock}.items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def _rendered(**words: Any) -> dict[str, str]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    home = shipped() / "templates" / "entry"
    # The files have references in curly brackets of their own.
    environment = Environment(
        loader=FileSystemLoader(home), undefined=StrictUndefined, autoescape=False, trim_blocks=True,  # noqa: S701
        keep_trailing_newline=True, block_start_string="<%", block_end_string="%>", variable_start_string="<<",
        variable_end_string=">>",
    )  # fmt: skip
    environment.filters["signature"] = lambda takes, name: f"{name}({takes})"
    environment.filters["quoted"] = lambda names: ", ".join(f'"{name}": …' for name in names)
    return {
        file.name.removesuffix(".j2"): environment.get_template(file.name).render(words)
        for file in sorted(home.glob("*.j2"))
    }


def _mistakes(catalog: Catalog, tool_id: str, layers: Sequence[str], kind: str, package: str) -> list[Diagnostic]:
    found = []
    if not ID.fullmatch(tool_id):
        detail = f"`{tool_id}` has more in it than small letters, digits and `-`, a letter first."
        found.append(Diagnostic("C102", "not a name for a tool", detail))
    elif tool_id in catalog.tools():
        detail = f"It is in `{catalog.folder(tool_id)}`."
        found.append(Diagnostic("C103", "tool is there already", detail, hint=f"see\n    stack catalog show {tool_id}"))
    known = list(catalog.layers())
    if not layers:
        hint = f"name it with --layer: {', '.join(known)}"
        found.append(Diagnostic("C104", "tool needs a layer", f"What does `{tool_id}` do in a stack?", hint=hint))
    for layer in layers:
        if layer not in known:
            hint = did_you_mean(layer, known, f"the layers are {', '.join(known)}")
            found.append(Diagnostic("C105", "no such layer for a tool", f"`{layer}` is not a layer.", hint=hint))
    if kind not in KINDS:
        found.append(Diagnostic("C106", "no such kind of tool", f"`{kind}` is none of {', '.join(KINDS)}."))
    if not _PACKAGE.fullmatch(package):
        hint = "write\n    --package NAME\n    --package NAME==VERSION"
        found.append(Diagnostic("C107", "not a package", f"`{package}` is no name of one.", hint=hint))
    return found
