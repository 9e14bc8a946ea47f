"""The whole of a large catalog is checked while one waits."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog

TINY = Path(__file__).parents[1] / "tiny_catalog"
ENTRIES = 209  # the systems of the landscape


def test_two_hundred_entries_are_checked_in_two_seconds(tmp_path: Path) -> None:
    """209 entries of ordinary size, a third of them services with a grant, cost at most two seconds of CPU."""
    shutil.copytree(TINY / "_interfaces", tmp_path / "_interfaces")
    kinds = ("tinydb", "tinyapp", "tinylib")
    for kind in kinds:
        shutil.copytree(TINY / kind, tmp_path / kind, ignore=shutil.ignore_patterns("__pycache__"))
    for number in range(ENTRIES - len(kinds)):
        shutil.copytree(tmp_path / kinds[number % 3], tmp_path / f"copy{number}")
    before = time.process_time()
    found = check(Catalog((tmp_path,)))
    assert found == []
    assert time.process_time() - before < 2.0
