"""Catalogs of other people: folders and commits, and what their digest covers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stackwright.catalog import sources
from stackwright.errors import Exit, StackError

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main", "-C")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog with one file of one tool."""
    folder = tmp_path / "theirs"
    (folder / "tool").mkdir(parents=True)
    (folder / "tool/tool.yaml").write_text("about: x\n")
    return folder


def committed(folder: Path) -> str:
    """Its files as a commit of a repository in the same place."""
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run([*GIT, str(folder), *words], check=True)
    words = [*GIT, str(folder), "rev-parse", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_name_is_the_same_from_everywhere(tmp_path: Path) -> None:
    """A folder is known by its absolute path, whoever names it from where; a commit by its address."""
    assert sources.name_of("../b", tmp_path / "a") == str(tmp_path / "b")
    assert sources.name_of(str(tmp_path), Path("/")) == str(tmp_path)
    assert sources.name_of("git+https://h/p@" + "0" * 40, tmp_path) == "git+https://h/p@" + "0" * 40


def test_a_commit_is_fetched_once(folder: Path, user_folders: Path) -> None:
    """Its files are there as they were committed, whatever becomes of the repository."""
    name = f"git+file://{folder}@{committed(folder)}"
    (folder / "tool/tool.yaml").write_text("about: y\n")
    committed(folder)
    first = sources.folder_of(name)
    assert (first / "tool/tool.yaml").read_text() == "about: x\n"
    assert not (first / ".git").exists() and first.is_relative_to(user_folders / "cache")
    folder.rename(folder.with_name("away"))
    assert sources.folder_of(name) == first


def test_a_repository_may_have_its_catalog_below(tmp_path: Path, user_folders: Path) -> None:
    """A repository that holds more keeps its tools in a folder `catalog`."""
    (tmp_path / "repo/catalog/tool").mkdir(parents=True)
    (tmp_path / "repo/catalog/tool/tool.yaml").write_text("about: x\n")
    (tmp_path / "repo/README.md").write_text("more")
    found = sources.folder_of(f"git+file://{tmp_path}/repo@{committed(tmp_path / 'repo')}")
    assert [path.name for path in found.iterdir()] == ["tool"]


@pytest.mark.parametrize(
    "address", ["git+https://h/p@main", "git+https://h/p", "git+ext::sh -c id@" + "0" * 40, "git+-x@" + "0" * 40]
)
def test_only_whole_commits_of_known_transports(address: str) -> None:
    """What can move, and what git would run, is refused before git is asked."""
    with pytest.raises(StackError, match="C112") as caught:
        sources.folder_of(address)
    assert caught.value.exit_code is Exit.USAGE


def test_what_is_not_there_is_told(folder: Path, user_folders: Path) -> None:
    """No folder, no repository, no such commit: each in words, and nothing half-fetched is left."""
    with pytest.raises(StackError, match="C110"):
        sources.folder_of(str(folder / "nowhere"))
    committed(folder)
    for address in (f"git+file://{folder}@{'0' * 40}", f"git+file://{folder}/none@{'0' * 40}"):
        with pytest.raises(StackError, match="C113"):
            sources.folder_of(address)
    assert list((user_folders / "cache/catalogs").iterdir()) == []


def test_the_digest_covers_everything_that_could_run(folder: Path) -> None:
    """Also hidden files and bytecode; only proofs and git's own files may change."""
    before = sources.digest(folder)
    (folder / "tool/proof").mkdir()
    (folder / "tool/proof/process.json").write_text("{}")
    committed(folder)
    assert sources.digest(folder) == before
    for name in ("tool/.hidden", "tool/__pycache__/smoke.pyc", "tool/proof/run.sh", "tool/deep/proof/process.json"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("x")
        assert sources.digest(folder) != before, name
        (folder / name).unlink()


@pytest.mark.parametrize("to", ["/etc", "/etc/passwd"])
def test_links_are_refused(folder: Path, to: str) -> None:
    """What a link leads to could change without the digest."""
    (folder / "tool/link").symlink_to(to)
    with pytest.raises(StackError, match="C111"):
        sources.digest(folder)
