"""A root with a provider of Terraform's registry, with the real Terraform: what is said where it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.engine.foreign import MIRROR
from stackwright.engine.run import Engine
from stackwright.errors import StackError
from stackwright.runtime.workspace import Workspace

ROOT = """\
terraform {
  required_providers {
    helm = {
      source  = "hashicorp/helm"
    }
  }
}

provider "helm" {}
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine over that root."""
    for name in ("STATE", "CACHE"):
        monkeypatch.setenv(f"STACK_{name}_DIR", str(tmp_path / name.lower()))
    workspace = Workspace.create(tmp_path / ".stack" / "it", "it", str(tmp_path / "stack.yaml"))
    workspace.terraform.mkdir(exist_ok=True)
    (workspace.terraform / "main.tf").write_text(ROOT)
    return Engine(workspace.root, workspace.terraform, lambda *_: None)


@pytest.mark.parametrize("there", [True, False])
def test_a_mirror_without_the_provider(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """An empty mirror, and one that does not exist: one error, which names the provider, the folder and the way out."""
    mirror = tmp_path / "mirror"
    if there:
        mirror.mkdir()
    monkeypatch.setenv(MIRROR, str(mirror))
    with pytest.raises(StackError) as raised:
        engine.init()
    (told,) = raised.value.diagnostics
    assert told.code == "E014"
    assert "`hashicorp/helm`" in told.detail and f"`{mirror}`" in told.detail
    assert f"terraform providers mirror {mirror}" in told.hint
