"""Every entry of the shipped catalog, checked without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog

CATALOG = Catalog.shipped()


@pytest.mark.parametrize("tool_id", CATALOG.tools())
def test_an_entry_keeps_every_rule(tool_id: str) -> None:
    """`stack catalog check` finds nothing to say about a shipped entry and the interfaces it speaks."""
    assert check(CATALOG, [tool_id]) == []


def test_every_interface_keeps_every_rule() -> None:
    """Interfaces nobody speaks are checked too, and every folder of the catalog is an entry."""
    assert check(CATALOG) == []
    folders = {path.name for path in CATALOG.folders[0].iterdir() if path.is_dir()}
    assert folders - {"_interfaces", "__pycache__"} == set(CATALOG.tools())


def test_no_entry_names_this_machine() -> None:
    """No absolute path of the machine it was written on, and no package index, is in an entry."""
    for file in Path(CATALOG.folders[0]).rglob("*"):
        if file.is_file() and file.suffix in (".yaml", ".txt", ".py", ".sql"):
            text = file.read_text(encoding="utf-8")
            assert not [word for word in ("/work/", "/root/", "index-url", "pypi.org") if word in text], file
