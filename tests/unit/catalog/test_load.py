"""Reading a catalog: lazily, and never outside its folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackwright.catalog import load
from stackwright.catalog.load import Catalog
from stackwright.errors import Exit, StackError

LAYERS = 22


def test_an_entry_is_read(tiny: Catalog) -> None:
    """Tools, recipes, interfaces and targets come from the folders."""
    assert tiny.tools() == ["tinyapp", "tinydb", "tinylib"]
    assert tiny.tool("tinydb").provides == {"sql": "tinysql"}
    recipe = tiny.recipe("tinydb")
    assert recipe is not None and recipe.endpoints["sql"].port == 5400
    assert tiny.interfaces() == ["tinysql", "tinyweb"]
    assert tiny.interface("tinysql").fields["password"].secret
    assert tiny.targets("tinydb") == ("process", "docker", "kubernetes")
    assert tiny.lock("tinydb") is None
    assert tiny.folder("tinydb").name == "tinydb"


def test_only_what_is_asked_for_is_read(tiny: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """One tool costs one file, and costs it once."""
    read: list[str] = []
    real = load.read_yaml
    monkeypatch.setattr(load, "read_yaml", lambda path: read.append(Path(path).name) or real(path))
    tiny.tools()
    assert read == []
    tiny.targets("tinydb")
    tiny.tool("tinydb")
    tiny.tool("tinydb")
    tiny.source(tiny.folder("tinydb") / "tool.yaml")
    assert read == ["tool.yaml"]


def test_a_tool_without_a_recipe_has_no_target(edited) -> None:
    """What nobody can run has no recipe and no target."""
    catalog = edited("tinylib/recipe.yaml", "*", "")
    assert catalog.recipe("tinylib") is None and catalog.targets("tinylib") == ()


@pytest.mark.parametrize("name", ["tinydbb", "../tiny_catalog/tinydb", "_interfaces", "tinydb/", "", "."])
def test_an_unknown_tool_is_refused_with_the_nearest_word(tiny: Catalog, name: str) -> None:
    """Nothing but the name of an entry leads to a folder."""
    with pytest.raises(StackError, match="C001") as caught:
        tiny.tool(name)
    assert caught.value.exit_code is Exit.USAGE
    assert (caught.value.diagnostics[0].hint == "did you mean `tinydb`?") is (name in ("tinydbb", "tinydb/"))


@pytest.mark.parametrize("name", ["tinysq", "../tinydb/tool", ""])
def test_an_unknown_interface_is_refused(tiny: Catalog, name: str) -> None:
    """Nothing but the name of an interface leads to its file."""
    with pytest.raises(StackError, match="C002"):
        tiny.interface(name)


def test_a_tool_in_two_catalogs_is_refused(tiny: Catalog, tmp_path: Path) -> None:
    """Which of two entries is meant is never guessed."""
    shutil.copytree(tiny.folder("tinylib"), tmp_path / "tinylib")
    with pytest.raises(StackError, match="C003"):
        Catalog((*tiny.folders, tmp_path)).tools()


def test_two_catalogs_are_one(tiny: Catalog, tmp_path: Path) -> None:
    """A second catalog adds its tools and interfaces."""
    shutil.copytree(tiny.folder("tinylib"), tmp_path / "otherlib")
    both = Catalog((*tiny.folders, tmp_path))
    assert "otherlib" in both.tools() and both.tool("otherlib").id == "otherlib"


def test_mistakes_name_file_line_and_the_nearest_key(edited) -> None:
    """A misspelt key is shown where it is, with the key it most likely meant, and so is everything else."""
    edited("tinyapp/tool.yaml", "kind: service", "kind: servic")
    with pytest.raises(StackError) as caught:
        edited("tinyapp/tool.yaml", "license:", "licence:").tool("tinyapp")
    found = {d.code: (d.where.line if d.where else 0, d.hint) for d in caught.value.diagnostics}
    assert found == {"C004": (1, ""), "C005": (3, "did you mean `license`?"), "C006": (4, "did you mean `service`?")}


def test_the_layers_are_the_closed_list() -> None:
    """All layers are there, each with verbs that say what they take and return."""
    layers = Catalog.shipped().layers()
    assert len(layers) == LAYERS
    assert set(layers["experiment-tracking"].verbs) == {"log_run", "read_run"}
    assert all(layer.about and layer.verbs and layer.name == name for name, layer in layers.items())
    assert layers["data-pipelines"].verbs == layers["experiment-pipelines"].verbs
