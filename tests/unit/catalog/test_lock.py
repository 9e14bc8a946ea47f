"""Locking an entry: hashed, universal, and saying nothing of where it was made."""

from __future__ import annotations

import re

import pytest

from stackwright.catalog.checks import check
from stackwright.catalog.lock import lock, oldest
from stackwright.errors import StackError


def test_a_lock_is_written_and_right(edited) -> None:
    """The lock covers the recipe's packages and what they need, with hashes, and passes the entry's check."""
    packages = 'install: {packages: ["idna==3.10", "colorama==0.4.6; sys_platform == \'win32\'"]}'
    catalog = edited("tinydb/recipe.yaml", "install: {}", packages)
    file = lock(catalog, "tinydb")
    text = file.read_text(encoding="utf-8")
    assert file == catalog.lock("tinydb")
    assert text.count("--hash=sha256:") >= 2 and "idna==3.10" in text and "sys_platform == 'win32'" in text
    assert not re.search(r"https?://|file:|/tmp|index", text)
    assert check(catalog, ["tinydb"]) == []


def test_locking_again_keeps_what_is_locked(edited) -> None:
    """A pin that still fits stays, unless an upgrade is asked for."""
    catalog = edited("tinydb/recipe.yaml", "install: {}", 'install: {packages: ["jinja2==3.1.4"]}')
    file = lock(catalog, "tinydb")
    newest = re.search(r"markupsafe==(\S+)", file.read_text(encoding="utf-8"))
    file.write_text("jinja2==3.1.4\nmarkupsafe==2.1.5\n", encoding="utf-8")
    assert "markupsafe==2.1.5 \\\n    --hash" in lock(catalog, "tinydb").read_text(encoding="utf-8")
    assert newest and f"markupsafe=={newest[1]}" in lock(catalog, "tinydb", upgrade=True).read_text(encoding="utf-8")


def test_packages_that_do_not_fit_together_are_an_error(edited) -> None:
    """What uv says is passed on, and a lock that was there stays."""
    edited("tinydb/lock.txt", "", "old\n")
    catalog = edited("tinydb/recipe.yaml", "install: {}", 'install: {packages: ["jinja2==3.1.4", "markupsafe==1.0"]}')
    with pytest.raises(StackError, match="C015") as caught:
        lock(catalog, "tinydb")
    assert "markupsafe" in caught.value.diagnostics[0].detail
    assert (catalog.folder("tinydb") / "lock.txt").read_text(encoding="utf-8") == "old\n"


def test_an_entry_without_packages_has_nothing_to_lock(tiny) -> None:
    """That is said, and no file is written."""
    with pytest.raises(StackError, match="C014"):
        lock(tiny, "tinydb")
    assert tiny.lock("tinydb") is None


@pytest.mark.parametrize(
    ("python", "version"), [("3.11", "3.11"), (">=3.11,<3.14", "3.11"), ("<3.14,>=3.12", "3.12"), ("==3.12.*", "3.12")]
)
def test_a_lock_is_for_the_oldest_python_of_the_range(python: str, version: str) -> None:
    """Universal means from the oldest on."""
    assert oldest(python) == version
