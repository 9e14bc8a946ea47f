"""The guide for strangers: what it says to write is an entry without a mistake, and what `new` writes is too."""

from __future__ import annotations

import re
from pathlib import Path

from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog
from stackwright.yamlfile import read_yaml

GUIDE = (Path(__file__).parents[2] / "docs" / "add-a-tool.md").read_text(encoding="utf-8")


def test_the_guides_entry_passes_check(tmp_path: Path) -> None:
    """Whoever copies the three files has an entry without a mistake but for the lock, which is not written by hand."""
    for name, body in re.findall(r"```(?:yaml|python)\n# mine/(wsgidav/\S+)\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    assert sorted(file.name for file in (tmp_path / "wsgidav").iterdir()) == ["recipe.yaml", "smoke.py", "tool.yaml"]
    catalog = Catalog((*Catalog.shipped().folders, tmp_path))
    assert [d.code for d in check(catalog, ["wsgidav"])] == ["C081"]


def test_the_guides_tool_is_new() -> None:
    """It is one that the shipped catalog does not have, and its manifest has known keys only."""
    (manifest,) = re.findall(r"```yaml\n# stack.yaml\n(.*?)```", GUIDE, re.DOTALL)
    tool = read_yaml("stack.yaml", manifest).data["layers"]["storage"]
    assert tool not in Catalog.shipped().tools()


def test_every_summary_in_the_guide_is_one() -> None:
    """What the guide says people see is what the program says."""
    errors = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z ]+)` \| ", GUIDE, re.MULTILINE)
    assert len(rows) == 5 and [row for row in rows if f"| {row} |" not in errors] == []
