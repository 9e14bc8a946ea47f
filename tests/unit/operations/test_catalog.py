"""Catalogs of other people beside the shipped one, as the commands see them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackwright.catalog.load import Catalog
from stackwright.errors import StackError
from stackwright.operations import catalog as operations

TINY = Path(__file__).parents[1] / "tiny_catalog"


@pytest.fixture
def theirs(user_folders: Path) -> Path:
    """The tiny catalog in a place of its own."""
    return Path(shutil.copytree(TINY, user_folders / "theirs", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_key_that_stands_for_two_layers_lists_both() -> None:
    """`orchestration`, as a manifest has it, is asked for like a layer."""
    listed = operations.tools("orchestration")
    assert listed.layers == ("data-pipelines", "experiment-pipelines")
    assert all(set(one.tool.layers) & set(listed.layers) for one in listed.tools)


def test_their_mistakes_are_found(theirs: Path) -> None:
    """`check` of another catalog is about its entries alone, and tells every mistake of theirs."""
    before = operations.check((), [str(theirs)])
    with (theirs / "tinylib/tool.yaml").open("a") as file:
        file.write("colour: blue\n")
    (theirs / "tinyapp/smoke.py").unlink()
    found = [d for d in operations.check((), [str(theirs)]) if d not in before]
    assert {d.code for d in found} == {"C005", "C086"}
    (theirs / "_interfaces/lonely.yaml").write_text("about: x\nshape: round\n")
    assert "C005" in {d.code for d in operations.check((), [str(theirs)]) if "lonely" in str(d.where)}
    assert all(str(theirs) in str(d.where) or "theirs" in str(d.where) for d in found)


def test_a_name_has_one_meaning(theirs: Path) -> None:
    """A tool or an interface of theirs that the shipped catalog has already is refused, not hidden by either."""
    shipped = Catalog.shipped()
    taken = shipped.interfaces()[0]
    shutil.copy(shipped.folders[0] / f"_interfaces/{taken}.yaml", theirs / "_interfaces")
    with (theirs / "tinylib/tool.yaml").open("a") as file:
        file.write(f"  taken: {{interface: {taken}, optional: true, about: x}}\n")
    assert "C114" in {d.code for d in operations.check(("tinylib",), [str(theirs)])}
    shutil.copytree(theirs / "tinydb", theirs / shipped.tools()[0])
    with pytest.raises(StackError, match="C003"):
        operations.check((), [str(theirs)])


def test_what_runs_something_needs_trust(theirs: Path) -> None:
    """Locks may build packages and proofs run the tool; looking at a catalog runs nothing of it."""
    other = [str(theirs)]
    assert operations.show("tinydb", other)[0].tool.id == "tinydb"
    assert "tinydb" in [one.tool.id for one in operations.tools(None, True, other).tools]
    with pytest.raises(StackError, match="U030"):
        operations.lock(["tinydb"], other)
    with pytest.raises(StackError, match="U030"):
        operations.prove(["tinydb"], lambda _: None, others=other)


@pytest.mark.parametrize("place", ["git+https://x.example/y@" + "0" * 40, "file"])
def test_a_new_entry_needs_a_folder(place: str, user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a repository elsewhere nor a file is a place to write in."""
    monkeypatch.chdir(user_folders)
    Path("file").write_text("")
    with pytest.raises(StackError, match="U025"):
        operations.new("mine", ["audit"], "library", None, place)
    if place != "file":
        with pytest.raises(StackError, match="U025"):
            operations.lock([], [place])


def test_an_installation_is_not_written_into(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder of one's own, a new entry has a place in a checkout only."""
    monkeypatch.setattr(operations.folders, "shipped", lambda: user_folders / "_share")
    with pytest.raises(StackError, match="U024") as caught:
        operations.new("mine", ["audit"], "library", None, None)
    assert "stack catalog new mine --catalog DIR" in caught.value.diagnostics[0].hint
