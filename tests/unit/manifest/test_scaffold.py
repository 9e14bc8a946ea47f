"""`stack init`'s text: it loads again, says what every tool is, and holds what was picked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stackwright import folders
from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, StackError
from stackwright.manifest.blueprints import blueprint_names, read_blueprint
from stackwright.manifest.scaffold import scaffold
from stackwright.model.manifest import Manifest
from stackwright.yamlfile import read_yaml

Load = Callable[[str], tuple[Manifest | None, list[Diagnostic]]]
TINY = Path(__file__).parents[1] / "tiny_catalog"


@pytest.fixture
def tiny() -> Catalog:
    """The tiny catalog."""
    return Catalog((TINY,))


@pytest.fixture
def blueprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a shipped folder with the real layers and one blueprint, `ready`."""

    def make(text: str) -> str:
        shipped = tmp_path / "shipped"
        (shipped / "blueprints").mkdir(parents=True)
        layers = folders.shipped() / "blueprints" / "_layers.yaml"
        (shipped / "blueprints" / "_layers.yaml").write_text(layers.read_text())
        (shipped / "blueprints" / "ready.yaml").write_text(text)
        monkeypatch.setattr(folders, "shipped", lambda: shipped)
        return "ready"

    return make


NO_TOOL = "no such tool to pick"
READY = """\
about: Ready.
name: ready
target: process
layers:
  database: tinydb
  orchestration: {tool: tinyapp, settings: {greeting: "yes", workers: 2}, needs: {store: database}}
  serving: [tinyapp, {tool: other, settings: {path: "a: b # c"}}]
jobs: {python: ">=3.12,<3.14", packages: ["pandas==3.1.1"]}
"""


def test_every_shipped_blueprint_loads_again(load: Load) -> None:
    """The text made from each blueprint is a manifest without mistakes that chooses what the blueprint chooses."""
    for name in blueprint_names():
        manifest, found = load(scaffold("mine", name, {}, Catalog.shipped()))
        assert found == []
        assert manifest is not None
        keys = list(dict.fromkeys(choice.layer for choice in manifest.choices))
        assert (manifest.name, manifest.blueprint, keys) == ("mine", name, list(read_blueprint(name).data["layers"]))


def test_what_is_written(tiny: Catalog, blueprint: Callable[[str], str]) -> None:
    """Layers are written out with a comment on each tool; texts that YAML would misread are quoted."""
    text = scaffold("mine", blueprint(READY), {}, tiny)
    assert text == (
        "name: mine\n"
        "blueprint: ready  # `stack plan` says what is missing of it\n"
        "target: process\n"
        "layers:\n"
        "  # tinydb: A database server in one file, with a user and a database for each consumer.\n"
        "  database: tinydb\n"
        "  # tinyapp: Serves linear models over HTTP and keeps them in a tinydb.\n"
        "  orchestration:\n"
        "    tool: tinyapp\n"
        '    settings: {greeting: "yes", workers: 2}\n'
        "    needs: {store: database}\n"
        "  # tinyapp: Serves linear models over HTTP and keeps them in a tinydb.\n"
        '  serving: [tinyapp, {tool: other, settings: {path: "a: b # c"}}]\n'
        "# What your own code imports, beside the clients of these tools.\n"
        "jobs:\n"
        '  python: ">=3.12,<3.14"\n'
        '  packages: ["pandas==3.1.1"]\n'
    )
    data = read_yaml("it", text).data
    assert data["layers"] == read_yaml("ready", READY).data["layers"]


def test_picks(tiny: Catalog, blueprint: Callable[[str], str]) -> None:
    """A picked tool takes its layer's place, a layer the blueprint lacks comes last."""
    data = read_yaml(
        "it", scaffold("mine", blueprint(READY), {"serving": "tinyapp", "data-versioning": "tinylib"}, tiny)
    )
    assert list(data.data["layers"]) == ["database", "orchestration", "serving", "data-versioning"]
    assert data.data["layers"]["serving"] == "tinyapp"


def test_picking_half_of_orchestration(blueprint: Callable[[str], str], tmp_path: Path) -> None:
    """Picking one of the layers that a key stands for writes both by their own names, and the other way round."""
    name = blueprint(READY)
    flow = tmp_path / "more" / "flow"
    flow.mkdir(parents=True)
    (flow / "tool.yaml").write_text(
        "about: Runs pipelines.\nhome: https://example.org\nlicense: MIT\nkind: job\n"
        "layers: {data-pipelines: full, experiment-pipelines: full}\n"
    )
    (flow / "recipe.yaml").touch()
    catalog = Catalog((TINY, tmp_path / "more"))
    halves = read_yaml("it", scaffold("mine", name, {"data-pipelines": "flow"}, catalog)).data["layers"]
    assert list(halves) == ["database", "data-pipelines", "experiment-pipelines", "serving"]
    assert (halves["data-pipelines"], halves["experiment-pipelines"]["tool"]) == ("flow", "tinyapp")
    split = (
        "about: x\nname: ready\nlayers: {data-pipelines: tinyapp, database: tinydb, experiment-pipelines: tinyapp}\n"
    )
    (folders.shipped() / "blueprints" / "ready.yaml").write_text(split)
    whole = read_yaml("it", scaffold("mine", name, {"orchestration": "flow"}, catalog)).data["layers"]
    assert whole == {"database": "tinydb", "orchestration": "flow"}


def test_a_tool_that_is_gone_is_no_pick(tmp_path: Path) -> None:
    """Picking what nothing here runs says what became of it."""
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "tool.yaml").write_text(
        "about: Served.\nhome: https://example.org\nlicense: MIT\nkind: vendor\nlayers: {serving: full}\n"
        "status: {state: acquired, as_of: 2025-08, note: by Stratus, source: x}\nsuccessor: [tinyapp, Stratus]\n"
    )
    with pytest.raises(StackError) as error:
        scaffold("mine", "demo", {"serving": "lost"}, Catalog((TINY, tmp_path)))
    told = error.value.diagnostics[0]
    fate = "`lost` was acquired: by Stratus (as of 2025-08). Its place is taken by `tinyapp` or `Stratus`."
    assert (told.code, told.detail, told.hint) == ("M017", fate, "the choices are `tinyapp`")


def test_a_pick_that_runs_elsewhere_brings_its_target(blueprint: Callable[[str], str], tmp_path: Path) -> None:
    """What is written for a vendor's service says that it is one, so that the manifest is right as it stands."""
    name = blueprint(READY)
    cloudy = tmp_path / "more" / "cloudy"
    cloudy.mkdir(parents=True)
    (cloudy / "tool.yaml").write_text(
        "about: Serves.\nhome: https://example.org\nlicense: MIT\nkind: vendor\nlayers: {serving: full}\n"
    )
    (cloudy / "hosted.yaml").touch()
    data = read_yaml("it", scaffold("mine", name, {"serving": "cloudy"}, Catalog((TINY, cloudy.parent))))
    assert data.data["layers"]["serving"] == {"tool": "cloudy", "target": "hosted"}


def test_words_that_mean_nothing(tiny: Catalog) -> None:
    """A bad name, an unknown blueprint, layer or tool, and a tool of another layer are all told at once."""
    with pytest.raises(StackError) as error:
        scaffold("My Stack", "demmo", {"servin": "x", "serving": "tinyap", "database": "tinylib"}, tiny)
    assert [(d.code, d.summary, d.detail, d.hint) for d in error.value.diagnostics] == [
        (
            *("M004", "name is not usable"),
            "`My Stack` is not a stack's name: 1 to 31 small letters, digits and `-`, a letter first.",
            "write\n    stack init my-stack",
        ),
        ("M015", "no such blueprint", "`demmo` is not the name of a blueprint.", "did you mean `demo`?"),
        ("M016", "no such layer to pick for", "`servin` is not the name of a layer.", "did you mean `serving`?"),
        (
            "M017",
            "no such tool to pick",
            "`tinyap` is not the name of a tool for `serving`.",
            "did you mean `tinyapp`?",
        ),
        (
            "M017",
            "no such tool to pick",
            "`tinylib` is not the name of a tool for `database`.",
            "did you mean `tinydb`?",
        ),
    ]
