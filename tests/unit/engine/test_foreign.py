"""Providers that are not ours: where they come from, which cluster they are told, and what is said without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright.engine import foreign
from stackwright.engine.run import Engine

OURS = 'terraform {\n    stackwright = {\n      source = "stackwright.internal/x/x"\n    }\n}\n'
HELM = OURS + '    helm = {\n      source = "hashicorp/helm"\n    }\n'
SAID = """\
│ Error: Failed to query available provider packages
│ 
│ Could not retrieve the list of available versions for provider
│ hashicorp/helm: could not connect to registry.terraform.io
│ 
│ To see which modules are currently depending on hashicorp/helm and what
"""  # noqa: W291 (as Terraform writes it)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rendered root with Helm, of a user without any settings."""
    for name in ("KUBECONFIG", foreign.MIRROR):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("STACK_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "main.tf").write_text(HELM)
    return tmp_path / "root"


def test_a_root_without_them_is_left_as_it_is(tmp_path: Path, folder: Path) -> None:
    """Nothing is set, made or waited for."""
    (folder / "main.tf").write_text(OURS)
    assert foreign.environment(folder, tmp_path) == {} and foreign.fingerprint(folder) == ""
    with foreign.alone(folder):
        pass
    assert [path.name for path in folder.iterdir()] == ["main.tf"] and not (tmp_path / "cache").exists()


def test_from_the_registry_and_kept(tmp_path: Path, folder: Path) -> None:
    """What was had once is had from our cache; Helm's own folders are the stack's."""
    found = foreign.environment(folder, tmp_path)
    assert found["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "cache" / "terraform" / "providers")
    assert Path(found["TF_PLUGIN_CACHE_DIR"]).is_dir() and "TF_CLI_CONFIG_FILE" not in found
    assert {found[f"HELM_{kind}_HOME"] for kind in ("CACHE", "CONFIG", "DATA")} == {f"{folder}/.terraform/helm"}


def test_from_a_mirror(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These from there and from nowhere else; another mirror is another init."""
    monkeypatch.setenv(foreign.MIRROR, "/mirror")
    config = Path(foreign.environment(folder, tmp_path)["TF_CLI_CONFIG_FILE"]).read_text()
    assert 'path    = "/mirror"' in config
    assert config.count('["hashicorp/*"]') == 2 and "exclude" in config.partition("direct")[2]
    assert foreign.fingerprint(folder) == "/mirror"


def test_the_cluster_is_the_users(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl finds it, in the words of each version of the provider."""
    found = foreign.environment(folder, tmp_path)
    assert found["KUBECONFIG"] == found["KUBE_CONFIG_PATH"] == "/home/me/.kube/config" and "KUBE_CTX" not in found
    monkeypatch.setenv("KUBECONFIG", "/a:/b")
    found = foreign.environment(folder, tmp_path)
    assert found["KUBECONFIG"] == found["KUBE_CONFIG_PATHS"] == "/a:/b" and "KUBE_CONFIG_PATH" not in found


def test_the_cluster_is_the_one_that_it_was(tmp_path: Path, folder: Path) -> None:
    """The context that the workspace remembers comes before the plan's; a cluster of the stack's own before all."""
    (tmp_path / "plan.json").write_text(json.dumps({"cluster": {"context": "planned"}}))
    assert foreign.environment(folder, tmp_path)["KUBE_CTX"] == "planned"
    (tmp_path / "cluster").write_text(json.dumps({"uid": "1", "context": "used"}))
    assert foreign.environment(folder, tmp_path)["KUBE_CTX"] == "used"
    (tmp_path / "kubeconfig").touch()
    assert foreign.environment(folder, tmp_path)["KUBE_CONFIG_PATH"] == str(tmp_path / "kubeconfig")
    (tmp_path / "cluster").write_text("{")
    assert foreign.environment(folder, tmp_path)["KUBE_CTX"] == "planned"


def test_a_provider_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one, from where, what was said and what to do; anything else that Terraform says is not ours."""
    monkeypatch.delenv(foreign.MIRROR, raising=False)
    told = foreign.refused(SAID)
    assert told is not None and told.code == "E014"
    assert "`hashicorp/helm`" in told.detail and told.detail.endswith("connect to registry.terraform.io")
    assert f"export {foreign.MIRROR}=" in told.hint
    monkeypatch.setenv(foreign.MIRROR, "/mirror")
    told = foreign.refused(SAID)
    assert told is not None and "`/mirror`" in told.detail and "terraform providers mirror /mirror" in told.hint
    assert foreign.refused("Error: Unsupported argument") is None


def test_an_installed_provider_may_be_gone(folder: Path) -> None:
    """A mirror or a cache that was cleared since is a reason to install again."""
    assert foreign.there(folder)
    place = folder / ".terraform" / "providers" / "registry.terraform.io" / "hashicorp" / "helm" / "1.3.2"
    place.mkdir(parents=True)
    (place / "linux_amd64").symlink_to(folder / "gone")
    assert not foreign.there(folder)
    (folder / "gone").mkdir()
    assert foreign.there(folder)


def test_the_releases_that_the_state_knows(tmp_path: Path, folder: Path) -> None:
    """By their names in Helm; none without a state."""
    engine = Engine(tmp_path, folder, lambda *_: None)
    assert engine.releases() == set()
    release = {"type": "helm_release", "instances": [{"attributes": {"name": "database"}}]}
    other = {"type": "stackwright_secret", "instances": [{"attributes": {"name": "x"}}]}
    state = {"version": 4, "lineage": "x", "serial": 1, "outputs": {}, "resources": [release, other]}
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    assert engine.releases() == {"database"}
