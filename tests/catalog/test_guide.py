"""The guide for writing an entry tells the truth."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog
from stackwright.catalog.rules.scope import ROOTS
from stackwright.model.catalog import Install, Recipe, Setting, Tool
from stackwright.yamlfile import read_yaml

GUIDE = Path(__file__).parents[2] / "docs" / "catalog-entry.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:yaml|python)\n(.*?)```", TEXT, re.DOTALL)


def test_the_first_entry_passes_check(tmp_path: Path) -> None:
    """Whoever copies the three files has an entry without a mistake but for the lock, which is not written by hand."""
    shutil.copytree(Catalog.shipped().folders[0] / "_interfaces", tmp_path / "_interfaces")
    for block in BLOCKS:
        if named := re.match(r"# catalog/(duckdb/\S+)\n", block):
            (tmp_path / named[1]).parent.mkdir(exist_ok=True)
            (tmp_path / named[1]).write_text(block, encoding="utf-8")
    assert [d.code for d in check(Catalog((tmp_path,)), ["duckdb"])] == ["C081"]


def test_the_snippets_have_the_shape_of_an_entry() -> None:
    """The reference blocks of tool.yaml and recipe.yaml hold known keys only."""
    (tool,) = [b for b in BLOCKS if b.startswith("about: One sentence")]
    (recipe,) = [b for b in BLOCKS if b.startswith("install:\n") and "prepare" in b]
    assert Tool.model_validate({"id": "x", **read_yaml("tool.yaml", tool).data}).needs["targets"].many
    assert Recipe.model_validate(read_yaml("recipe.yaml", recipe).data).grant


def test_every_key_and_root_is_explained() -> None:
    """No key of an entry and no root of a reference is missing from the guide."""
    names = [info.alias or name for m in (Tool, Recipe, Install, Setting) for name, info in m.model_fields.items()]
    assert [name for name in (*names, *ROOTS) if name != "id" and name not in TEXT] == []
