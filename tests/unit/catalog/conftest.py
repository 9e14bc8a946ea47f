"""A tiny catalog of one's own, to be spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stackwright.catalog.load import Catalog

TINY = Path(__file__).parents[1] / "tiny_catalog"
Edit = Callable[[str, str, str], Catalog]


@pytest.fixture
def tiny() -> Catalog:
    """The tiny catalog as it is."""
    return Catalog((TINY,))


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """`edited(file, old, new)`: the tiny catalog with one text replaced, which must be there."""
    folder = tmp_path / "catalog"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def edit(file: str, old: str, new: str) -> Catalog:
        path = folder / file
        if not old:
            path.write_text(new, encoding="utf-8")
        elif not new and old == "*":
            path.unlink()
        else:
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{old!r} is not in {file}"
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return Catalog((folder,))

    return edit
