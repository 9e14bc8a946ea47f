"""The house stays small enough to read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("cli/**/*.py", "catalog/*/*.py", "smoke_tests/**/*.py", "benchmarks/*.py", "docs/*.py")
FILES = sorted(file for place in PLACES for file in ROOT.glob(place))


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Each function with its lines, decorators not counted."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_files_are_short() -> None:
    """No file has more than 400 lines."""
    long = {str(f.relative_to(ROOT)): n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 400}
    assert FILES
    assert long == {}


def test_functions_are_short() -> None:
    """No function has more than 60 lines, and 95 of 100 have at most 45."""
    lengths = dict(found for file in FILES for found in functions(file))
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert sorted(lengths.values())[int(len(lengths) * 0.95)] <= 45


@pytest.mark.parametrize("file", sorted(ROOT.glob("cli/**/*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_public_things_say_what_they_are(file: Path) -> None:
    """Every module, class and public function has a docstring."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []


def public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Classes, functions and methods in our spelling; a protocol's `ApplyResourceChange` explains itself elsewhere."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and inner.name[0].islower():
                    yield inner
