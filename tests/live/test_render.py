"""A stack as a project that plain Terraform or OpenTofu runs, with nothing of ours in front of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livestack import Live, place

pytestmark = pytest.mark.live
EMBEDDED = (sys.executable, "-m", "stackwright.engine.embedded")
PROGRAMS = {"embedded": EMBEDDED} | {name: (path,) for name in ("terraform", "tofu") if (path := shutil.which(name))}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_rendered_project_needs_only_terraform(program: str) -> None:
    """Init, apply, nothing to plan, destroy; `smoke` and `down` know it; no secret is in what would be committed."""
    with place() as root:
        stack = Live(root / "manifest", f"project{os.getpid()}").write({"database": "postgres"})
        out = root / "out"
        stack.stack("render", "--out", str(out))
        environment = os.environ | {"STACK_STATE_DIR": str(root / "state"), "TF_CLI_CONFIG_FILE": os.devnull}

        def terraform(*words: str) -> None:
            command = [*PROGRAMS[program], *words, "-no-color", "-input=false"]
            done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        try:
            terraform("init")
            terraform("apply", "-auto-approve")
            terraform("plan", "-detailed-exitcode")
            stack.stack("smoke", stack.name)
            secrets = json.loads((out / ".stack" / stack.name / "secrets.json").read_text())
            seen = [file for file in out.rglob("*") if file.is_file() and ".stack" not in file.parts]
            assert any(file.name == "terraform.tfstate" for file in seen)
            assert not [file for file in seen for secret in _texts(secrets) if secret.encode() in file.read_bytes()]
            terraform("destroy", "-auto-approve")
            assert "nothing left" in stack.down()
            assert not (out / ".stack").exists()
        finally:
            if stack.watermark():
                stack.down()


def _texts(value: object) -> list[str]:
    """Every generated secret in secrets.json."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) and len(value) >= 20 else []


def test_a_folder_in_use_is_not_written_to(tmp_path: Path) -> None:
    """What is no project of ours is refused, in words, and left as it was."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.tf").write_text("# mine\n")
    stack = Live(tmp_path / "manifest").write({"database": "postgres"})
    said = stack.stack("render", "--out", str(tmp_path / "mine"), code=2)
    assert "error[U006]: folder is not empty" in said
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["main.tf"]
    assert not stack.watermark()
