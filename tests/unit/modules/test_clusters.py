"""The modules that make clusters: one interface, written as Terraform writes it, never a secret among their outputs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from stackwright.engine.find import find_terraform
from stackwright.folders import shipped
from stackwright.model.cluster import CLOUDS, LOCAL
from stackwright.operations.prices import table_of
from stackwright.render.cluster import OUTPUTS

MODULES = shipped() / "modules"


def text_of(provider: str) -> str:
    return "\n".join(file.read_text() for file in sorted((MODULES / f"cluster-{provider}").glob("*.tf")))


@pytest.mark.parametrize("provider", [*LOCAL, *CLOUDS])
def test_a_module_is_written_as_terraform_writes_it(provider: str) -> None:
    """`fmt` would change nothing, and it can be read."""
    command = [*find_terraform().command, "fmt", "-check", "-diff", str(MODULES / f"cluster-{provider}")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("provider", [*LOCAL, *CLOUDS])
def test_every_cluster_tells_the_same(provider: str) -> None:
    """What the stack is wired to has the same names everywhere."""
    found = set(re.findall(r'^output "(\w+)"', text_of(provider), re.MULTILINE))
    assert set(OUTPUTS) <= found


@pytest.mark.parametrize("provider", CLOUDS)
def test_machines_with_gpus_are_for_who_wants_them(provider: str) -> None:
    """They carry the taint that every cloud's own tools tolerate, and go to zero by the autoscaler."""
    text = text_of(provider)
    assert "nvidia.com/gpu" in text
    assert re.search(r"min(_size|_count| *=)", text) or "total_min_node_count" in text


@pytest.mark.parametrize("provider", CLOUDS)
def test_a_kubeconfig_that_terraform_keeps_has_no_key_in_it(provider: str) -> None:
    """Its user is a command; passwords and client certificates would lie in the state."""
    text = text_of(provider)
    kubeconfig = text[text.index('output "kubeconfig"') :]
    assert "exec" in kubeconfig
    assert not re.search(r"client[-_](certificate|key)|password|token *=", kubeconfig)


@pytest.mark.parametrize("provider", CLOUDS)
def test_everything_of_a_cloud_says_whose_it_is(provider: str) -> None:
    """The tag of the stack is on what can carry one, whoever calls the module."""
    assert re.search(r'tags += merge\(var.tags, \{ "stackwright[.-]stack" = var.stack \}\)', text_of(provider))


@pytest.mark.parametrize("provider", CLOUDS)
def test_a_price_table_proposes_a_machine_that_it_has(provider: str) -> None:
    """And has a GPU or two, and says where and when its prices are from."""
    table = table_of(provider)
    assert table.usual in table.machines and table.machines[table.usual].gpu is None
    assert "nvidia-t4" in table.gpus() and table.source and table.date


def test_folders_of_modules_are_all_known() -> None:
    """No module of a cluster lies about that nobody can ask for."""
    there = {path.name.removeprefix("cluster-") for path in Path(MODULES).glob("cluster-*")}
    assert there == {*LOCAL, *CLOUDS}
