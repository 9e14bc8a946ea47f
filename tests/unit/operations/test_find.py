"""Which manifests go with their stacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.operations.find import forget_own


@pytest.mark.parametrize(
    ("place", "goes"), [("state/demo", True), ("state/prove-x", True), ("state/churn", False), ("prove-x", False)]
)
def test_only_our_own_manifests_go(user_folders: Path, place: str, goes: bool) -> None:
    """The demo's and a proof's, in the state folder; never one that somebody wrote, wherever it lies."""
    manifest = user_folders / place / "stack.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("name: x\n")
    forget_own(manifest)
    assert manifest.exists() is not goes
