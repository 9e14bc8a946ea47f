"""A way to load a manifest from its text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic
from stackwright.manifest.load import load_manifest
from stackwright.model.manifest import Manifest

Load = Callable[[str], tuple[Manifest | None, list[Diagnostic]]]
TINY = Path(__file__).parents[1] / "tiny_catalog"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes stack.yaml and loads it."""

    def write_and_load(text: str) -> tuple[Manifest | None, list[Diagnostic]]:
        path = tmp_path / "stack.yaml"
        path.write_text(text)
        return load_manifest(path, Catalog((TINY,)))

    return write_and_load
