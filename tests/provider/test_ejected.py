"""The provider as a plugin that Terraform starts itself, for projects that were ejected: handshake, TLS, end."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from stackwright.engine.find import find_terraform
from stackwright.engine.hosted import clean_environment
from stackwright.provider.address import ADDRESS

if TYPE_CHECKING:
    from conftest import Stack

PROGRAM = Path(sys.executable).with_name("terraform-provider-stackwright")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A filesystem mirror with the console script in it, as the README of an ejected project says."""
    machine = f"{sys.platform}_{MACHINES[platform.machine()]}"
    folder = tmp_path / "mirror" / ADDRESS / "0.1.0" / machine
    folder.mkdir(parents=True)
    shutil.copy(PROGRAM, folder / "terraform-provider-stackwright_v0.1.0")
    config = tmp_path / "mirror.tfrc"
    config.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path / "mirror"}"\n  }}\n}}\n'
    )
    return config


def _providers() -> set[int]:
    found = (p.info for p in psutil.process_iter(["pid", "cmdline"]))
    return {p["pid"] for p in found if any("terraform-provider-stackwright" in word for word in p["cmdline"] or ())}


@pytest.mark.live
@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "plain"])
def test_plain_terraform(stack: Stack, mirror: Path, tls: bool) -> None:
    """Plain Terraform applies, plans nothing and destroys; the plugin ends with it and nobody but it was served."""
    stack.add("database")
    stack.render()
    folder = stack.workspace.terraform
    environment = {**clean_environment(folder), "TF_CLI_CONFIG_FILE": str(mirror)}
    if tls:
        pytest.importorskip("cryptography")
    else:
        environment["TF_DISABLE_PLUGIN_TLS"] = "1"
    before = _providers()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*find_terraform().command, *words, "-no-color"]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    for words in (["init"], ["apply", "-auto-approve"], ["plan", "-detailed-exitcode"]):
        done = run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert stack.pids()["database"]

    stack.specs["database"]["env"] = {"FAIL": "for the test"}
    stack.render()
    failed = run("apply", "-auto-approve")

    assert "refused: for the test" in failed.stderr
    assert "[failure" not in failed.stderr
    assert run("destroy", "-auto-approve").returncode == 0
    assert not stack.pids()["database"]
    assert _providers() <= before


def test_started_by_hand() -> None:
    """Somebody who starts the program by hand is told what it is for."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_PLUGIN_MAGIC_COOKIE"}
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "You want the command `stack`" in done.stderr
