"""The codes of this room are documented."""

from __future__ import annotations

import re
from pathlib import Path

from stackwright import yamlfile
from stackwright.catalog import checks

ERRORS = Path(__file__).parents[3] / "docs" / "errors.md"


def test_every_code_is_documented_with_its_summary() -> None:
    """A row of docs/errors.md has the code and the very summary that people see."""
    files = [Path(yamlfile.__file__), *Path(checks.__file__).parent.rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    used = re.findall(r'"([CY]\d{3})",\s+"([^"]+)"', text)
    assert len({code for code, _ in used}) == len(used) > 80, "a code is used in one place"
    documented = ERRORS.read_text(encoding="utf-8")
    assert [row for row in used if f"| {row[0]} | {row[1]} |" not in documented] == []
