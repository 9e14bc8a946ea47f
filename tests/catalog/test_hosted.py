"""Every vendor's service, without credentials: all that is missing is said, and nothing is started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import verdict
from stackwright.errors import StackError
from stackwright.operations.elsewhere import secrets_of
from stackwright.operations.plan import validate

CATALOG = Catalog.shipped()
SERVICES = [tool for tool in CATALOG.tools() if "hosted" in CATALOG.targets(tool)]


def manifest(folder: Path, *tools: str) -> Path:
    """A stack of these services, and of a server that would be started."""
    layers: dict[str, object] = {"storage": "swift"}
    for tool in tools:
        layer = next(layer for layer in CATALOG.tool(tool).layers if layer not in ("storage", *layers))
        layers[layer] = {"tool": tool, "target": "hosted"}
    file = folder / "stack.yaml"
    file.write_text(json.dumps({"name": "hosted", "layers": layers}))
    return file


def needed(tool: str) -> set[str]:
    """The variables without which nobody is let in."""
    found = CATALOG.hosted(tool).credentials.items()
    return {name for name, credential in found if not credential.optional and credential.default is None}


def test_there_are_enough() -> None:
    """At least eight services can be used, each needs a secret, and none is called proven."""
    assert len(SERVICES) >= 8
    for tool in SERVICES:
        assert any(CATALOG.hosted(tool).credentials[name].secret for name in needed(tool))
        assert verdict(CATALOG, tool, "hosted").state == "never run"


@pytest.mark.parametrize("tool", SERVICES)
def test_all_that_is_missing_is_said(tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable by name, with the place in the manifest, what it is, and how it is set; exit code 2."""
    for name in CATALOG.hosted(tool).credentials:
        monkeypatch.delenv(name, raising=False)
    plan = validate(manifest(tmp_path, tool))
    with pytest.raises(StackError) as refused:
        secrets_of(plan, tmp_path)
    assert refused.value.exit_code == 2
    told = {d.hint.partition("export ")[2].partition("=")[0]: d for d in refused.value.diagnostics}
    assert set(told) == needed(tool)
    for name, diagnostic in told.items():
        assert diagnostic.where is not None
        assert CATALOG.hosted(tool).credentials[name].about in diagnostic.detail
    for name in told:
        monkeypatch.setenv(name, "given")
    assert set(secrets_of(plan, tmp_path).values()) == {"given"}


@pytest.mark.parametrize("command", ["up", "plan"])
def test_nothing_is_started(command: str, user_folders: Path) -> None:
    """With two services in the stack, the command tells what both need, exits with 2, and leaves no file."""
    folder = user_folders / "here"
    folder.mkdir()
    manifest(folder, "wandb", "kili")
    done = subprocess.run(
        [sys.executable, "-m", "stackwright.app", command, "--json"],
        cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    found = json.loads(done.stdout)["diagnostics"]
    assert [d["code"] for d in found] == ["M030", "M030"]
    assert "export WANDB_API_KEY" in found[0]["hint"] and "export KILI_API_KEY" in found[1]["hint"]
    assert [path.name for path in folder.iterdir()] == ["stack.yaml"]
