"""Every entry of the shipped catalog, checked without running it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from stackwright.catalog.checks import check
from stackwright.catalog.load import Catalog
from stackwright.operations import catalog as operations

CATALOG = Catalog.shipped()


@pytest.mark.parametrize("tool_id", CATALOG.tools())
def test_an_entry_keeps_every_rule(tool_id: str) -> None:
    """`stack catalog check` finds nothing to say about a shipped entry and the interfaces it speaks."""
    assert check(CATALOG, [tool_id]) == []


def test_every_interface_keeps_every_rule() -> None:
    """Interfaces nobody speaks are checked too, and every folder of the catalog is an entry."""
    assert check(CATALOG) == []
    folders = {path.name for path in CATALOG.folders[0].iterdir() if path.is_dir() and any(path.iterdir())}
    assert folders - {"_interfaces", "__pycache__"} == set(CATALOG.tools())


def test_every_system_of_the_documents_has_an_entry_that_tells_what_became_of_it() -> None:
    """All 209 are there by their ids, each with its state."""
    lines = (Path(__file__).parent / "landscape.txt").read_text("utf-8").splitlines()
    wanted = dict(line.split() for line in lines if not line.startswith("#"))
    assert len(wanted) == 209
    assert set(wanted) <= set(CATALOG.tools())
    assert {name: tool.status and tool.status.state for name in wanted if (tool := CATALOG.tool(name))} == wanted


def test_an_entry_under_another_name_leads_to_one_that_runs() -> None:
    """What `same_as` names can be chosen."""
    others = {tool.id: tool.same_as for name in CATALOG.tools() if (tool := CATALOG.tool(name)).same_as}
    assert others
    assert {name: other for name, other in others.items() if not CATALOG.targets(str(other))} == {}


def test_the_whole_catalog_is_checked_while_one_waits() -> None:
    """Every entry there is costs at most two seconds of CPU, read and checked anew."""
    before = time.process_time()
    check(Catalog.shipped())
    assert time.process_time() - before < 2.0


def test_the_list_shows_what_can_be_used_and_all_only_when_asked() -> None:
    """By default tools with a target and no others are read; a layer and `--all` bring the rest."""
    usable, every = operations.tools(), operations.tools(every=True)
    assert all(one.targets for one in usable.tools)
    assert {one.tool.id for one in every.tools} == set(CATALOG.tools())
    assert [one for one in every.tools if one.targets] == list(usable.tools)
    serving = operations.tools("serving")
    assert serving.layers == ("serving",)
    assert {one.tool.id for one in serving.tools} == {o.tool.id for o in every.tools if "serving" in o.tool.layers}


def test_no_entry_names_this_machine() -> None:
    """No absolute path of the machine it was written on, and no package index, is in an entry."""
    for file in Path(CATALOG.folders[0]).rglob("*"):
        if file.is_file() and file.suffix in (".yaml", ".txt", ".py", ".sql"):
            text = file.read_text(encoding="utf-8")
            assert not [word for word in ("/work/", "/root/", "index-url", "pypi.org") if word in text], file
