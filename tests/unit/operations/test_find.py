"""Which stack a command is about, and which manifests go with their stacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackwright.errors import Exit, StackError
from stackwright.operations.find import find, forget_own, plan_of
from stackwright.runtime.workspace import Workspace


@pytest.fixture
def churn(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a manifest that calls its stack `churn`, where we are."""
    folder = user_folders / "churn"
    folder.mkdir()
    (folder / "stack.yaml").write_text("name: churn\n")
    monkeypatch.chdir(folder)
    return folder


def started(folder: Path, name: str) -> Workspace:
    """A stack that was started from the manifest in that folder."""
    return Workspace.create(folder / ".stack" / name, name, str(folder / "stack.yaml"))


def test_a_stack_that_is_down_is_known_by_its_manifest(churn: Path) -> None:
    """Beside us, by its file, and by the name that it has there."""
    for target in (find(), find(Path("stack.yaml")), find(churn), find(name="churn"), find(churn, "churn")):
        assert (target.manifest, target.workspace, target.called) == (churn / "stack.yaml", None, "churn")
    (churn / "stack.yaml").write_text("name: [")
    assert find().called == str(churn / "stack.yaml")
    with pytest.raises(StackError, match="L002"):
        find(name="churn")


def test_a_name_that_nobody_knows(churn: Path) -> None:
    """Neither in the index nor in the manifest beside us."""
    with pytest.raises(StackError, match="L002") as caught:
        find(name="chrun")
    assert caught.value.exit_code is Exit.USAGE


def test_the_index_comes_first(churn: Path, user_folders: Path) -> None:
    """A name is that of the stack that is up, wherever it is; also where the manifest beside us has it, too."""
    elsewhere = started(user_folders / "elsewhere", "churn")
    assert find(name="churn").workspace == elsewhere
    assert find().workspace is None


def test_a_name_and_a_file_fit_together(churn: Path, user_folders: Path) -> None:
    """A stack of that name is up, but it is not this manifest's: neither is taken for the other."""
    started(user_folders / "elsewhere", "other")
    with pytest.raises(StackError, match="U003") as caught:
        find(churn, "other")
    assert caught.value.exit_code is Exit.USAGE


def test_a_manifest_whose_stack_was_renamed_while_it_was_up(churn: Path) -> None:
    """Of several stacks the one of today's name is meant; where that is gone, one that is still there."""
    old, now = started(churn, "attrition"), started(churn, "churn")
    assert find().workspace == now
    now.forget()
    assert find().workspace == old
    older = started(churn, "leavers")
    assert find().workspace in (old, older)


def test_a_lost_index_is_made_up_for(churn: Path, user_folders: Path) -> None:
    """A stack is found beside its manifest, also by name."""
    stack = started(churn, "churn")
    shutil.rmtree(user_folders / "state")
    assert find().workspace == find(name="churn").workspace == stack


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


def test_a_plan_of_another_release_is_told_as_that(churn: Path) -> None:
    """Not as a bug: the stack is up, and `stack up` writes its plan anew."""
    workspace = started(churn, "churn")
    workspace.plan_file.write_text('{"v": 0}')
    with pytest.raises(StackError, match="S003"):
        plan_of(workspace)
