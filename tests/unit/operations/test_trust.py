"""A catalog of somebody else runs only after somebody has said that it may."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stackwright.catalog import sources
from stackwright.catalog.load import Catalog
from stackwright.errors import Exit, StackError, Where
from stackwright.operations import trust


@pytest.fixture
def theirs(user_folders: Path) -> str:
    """A catalog with one tool."""
    folder = user_folders / "theirs"
    (folder / "tool").mkdir(parents=True)
    (folder / "tool/tool.yaml").write_text("about: x")
    (folder / "tool/smoke.py").write_text("x")
    return str(folder)


def test_the_shipped_catalog_needs_no_trust(user_folders: Path) -> None:
    """Without other catalogs nothing is asked, and nothing is written."""
    assert trust.opened({}).folders == Catalog.shipped().folders
    assert not (user_folders / "state").exists()


def test_an_unknown_catalog_is_refused(theirs: str) -> None:
    """With its place in the manifest, and the command that lets it in."""
    with pytest.raises(StackError, match="U030") as caught:
        trust.opened({theirs: Where("stack.yaml", 2, 3)})
    assert caught.value.exit_code is Exit.USAGE
    assert str(caught.value.diagnostics[0].where) == "stack.yaml:2:3"
    assert f"stack catalog trust {theirs}" in caught.value.diagnostics[0].hint


def test_trust_is_of_what_was_there(theirs: str) -> None:
    """A changed catalog is refused until it is trusted again."""
    trust.trust(theirs)
    opened = trust.opened({theirs: None})
    assert (opened.folders[-1], opened.names) == (Path(theirs), (theirs,))
    (Path(theirs) / "tool/smoke.py").write_text("y")
    with pytest.raises(StackError, match="U031"):
        trust.opened({theirs: None})
    trust.trust(theirs)
    trust.opened({theirs: None})


def test_two_commands_at_once(theirs: str) -> None:
    """Neither loses what the other one has said."""
    others = [shutil.copytree(theirs, f"{theirs}-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(trust.trust, others))
    assert [one.name for one in trust.trusted()] == others


def test_ones_own_catalog_may_change(theirs: str) -> None:
    """Who writes a catalog trusts whatever it comes to hold."""
    trust.trust(theirs, always=True)
    (Path(theirs) / "tool/smoke.py").write_text("y")
    assert trust.opened({theirs: None}).folders[-1] == Path(theirs)


def test_trust_ends(theirs: str) -> None:
    """What was forgotten is refused again; forgetting twice is a mistake."""
    trust.trust(theirs)
    assert [one.name for one in trust.trusted()] == [theirs]
    trust.forget(theirs)
    assert trust.trusted() == []
    with pytest.raises(StackError, match="U030"):
        trust.opened({theirs: None})
    with pytest.raises(StackError, match="U032"):
        trust.forget(theirs)


def test_nothing_is_fetched_for_a_stranger(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest alone cannot have this machine call somebody."""
    monkeypatch.setattr(sources, "folder_of", lambda *_: pytest.fail("it was fetched"))
    with pytest.raises(StackError, match="U030"):
        trust.opened({f"git+https://example.org/x@{'0' * 40}": None})


def test_looking_needs_no_trust(theirs: str) -> None:
    """`check`, `list` and `show` only read."""
    assert trust.opened({theirs: None}, to_run=False).tools().count("tool") == 1


def test_a_damaged_list_trusts_nobody(theirs: str, user_folders: Path) -> None:
    """It is told, and not taken for an empty one that could be written over."""
    trust.trust(theirs)
    file = user_folders / "state/trust.json"
    assert json.loads(file.read_text())["catalogs"][theirs]["digest"]
    file.write_text("{")
    with pytest.raises(StackError, match="U033"):
        trust.opened({theirs: None})
