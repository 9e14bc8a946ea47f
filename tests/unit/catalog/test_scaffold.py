"""The beginning of an entry: right as it is, and a lesson."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from stackwright.catalog import scaffold
from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog
from stackwright.errors import StackError

SHIPPED = Catalog.shipped()
LOCK = "other==0.1 \\\n    --hash=sha256:00\nsome-package==1.2.3 ; python_version < '3.15' \\\n    --hash=sha256:00\n"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A catalog beside the shipped one; what the package index says is written here."""
    monkeypatch.setattr(scaffold, "compile_lock", lambda packages, python, file, tool: file.write_text(LOCK))
    return Catalog((*SHIPPED.folders, tmp_path / "mine"))


@pytest.mark.parametrize("kind", scaffold.KINDS)
def test_a_new_entry_passes_check(mine: Catalog, kind: str) -> None:
    """Whatever kind of tool it is, and whatever it does; the version is what the lock has."""
    made = scaffold.scaffold(mine, "my-tool", list(mine.layers()), kind, "Some_Package")
    again = Catalog(mine.folders)
    assert check(again, ["my-tool"]) == []
    assert (again.tool("my-tool").version, again.tool("my-tool").kind) == ("1.2.3", kind)
    assert sorted(file.name for file in made.iterdir()) == ["lock.txt", "recipe.yaml", "smoke.py", "tool.yaml"]
    assert not [line for file in made.iterdir() for line in file.read_text().splitlines() if len(line) > 120]


@pytest.mark.parametrize("layer", list(SHIPPED.layers()))
def test_every_verb_is_there_to_be_written(mine: Catalog, layer: str) -> None:
    """A verb that is not written yet raises; one that answered would be worse than none."""
    made = scaffold.scaffold(mine, "my-tool", [layer], "library", "some-package")
    tree = ast.parse((made / "smoke.py").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    verbs = mine.layers()[layer].verbs
    assert list(functions) == [name for name, verb in verbs.items() if not verb.optional]
    for name, function in functions.items():
        assert [argument.arg for argument in function.args.args] == ["ctx", *verbs[name].takes]
        assert isinstance(function.body[-1], ast.Raise)


def test_every_mistake_is_told_at_once(mine: Catalog) -> None:
    """Name, layers, kind and package, each with what to type instead; nothing is written."""
    with pytest.raises(StackError) as caught:
        scaffold.scaffold(mine, "My Tool", ["databas"], "thing", "-e .")
    assert [d.code for d in caught.value.diagnostics] == ["C102", "C105", "C106", "C107"]
    with pytest.raises(StackError) as caught:
        scaffold.scaffold(mine, SHIPPED.tools()[0], [], "library", "x")
    assert [d.code for d in caught.value.diagnostics] == ["C103", "C104"]
    assert not mine.folders[-1].exists()
