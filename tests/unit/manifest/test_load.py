"""Manifests: every form is read, every mistake is told at once, with its place and what to type."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, listed
from stackwright.manifest.load import MAX_MISTAKES, load_manifest
from stackwright.manifest.schema import ManifestShape
from stackwright.model.deployer import TARGETS
from stackwright.model.manifest import Manifest

Load = Callable[[str], tuple[Manifest | None, list[Diagnostic]]]
LAYERS = "layers: {database: tinydb}\n"


def one(found: list[Diagnostic]) -> tuple[str, int, int, str, str, str]:
    """The single mistake, without its file."""
    (mistake,) = found
    assert mistake.where is not None
    return (mistake.code, mistake.where.line, mistake.where.column, mistake.summary, mistake.detail, mistake.hint)


def test_catalogs_have_their_places(load: Load) -> None:
    """Each is kept as it was written, with where: what is wrong with it is found out later."""
    manifest, found = load(f"name: x\ncatalogs:\n  - ../theirs\n  - git+https://h/p@{'0' * 40}\n{LAYERS}")
    assert found == [] and manifest is not None
    assert [where.line for where in manifest.catalogs.values()] == [3, 4]
    assert next(iter(manifest.catalogs)) == "../theirs"


def test_every_form_of_a_layer(load: Load) -> None:
    """A tool's name, a list and a mapping all become choices that know where they were written."""
    manifest, found = load(
        "name: churn\n"
        "about: A test.\n"
        "layers:\n"
        "  database: [tinydb, {tool: other, settings: {start_delay: 1.5}}]\n"
        "  serving:\n"
        "    tool: tinyapp\n"
        "    target: process\n"
        "    settings: {greeting: hi, workers: 2}\n"
        "    needs: {store: database, several: [a, b:c]}\n"
        "  orchestration: flow\n"
        'jobs: {python: ">=3.12,<3.14", packages: [pandas==3.1.1]}\n'
    )
    assert found == []
    assert manifest is not None
    assert (manifest.name, manifest.about, manifest.target, manifest.partial) == ("churn", "A test.", "process", False)
    assert [(c.layer, c.tool, str(c.where).rpartition("yaml:")[2]) for c in manifest.choices] == [
        ("database", "tinydb", "4:14"),
        ("database", "other", "4:22"),
        ("serving", "tinyapp", "5:3"),
        ("orchestration", "flow", "10:3"),
    ]
    serving = manifest.choices[2]
    assert serving.settings == {"greeting": "hi", "workers": 2}
    assert serving.needs == {"store": ("database",), "several": ("a", "b:c")}
    assert (serving.places["settings.workers"].line, serving.places["settings.workers"].column) == (8, 30)
    assert (serving.places["needs.several"].line, serving.places["tool"].column) == (9, 11)
    assert manifest.jobs.packages == ("pandas==3.1.1",)
    assert manifest.jobs.python == ">=3.12,<3.14"


def test_the_folder_is_the_manifests(load: Load, tmp_path: Path) -> None:
    """The stack lives beside its manifest, whatever the working folder is."""
    manifest, _ = load("name: a\n" + LAYERS)
    assert manifest is not None
    assert (manifest.file, manifest.folder) == (tmp_path / "stack.yaml", tmp_path)


def test_all_mistakes_at_once(load: Load) -> None:
    """One reading tells every mistake, in the order of the lines, and keeps what is right."""
    manifest, found = load(
        "name: Churn\nblueprnt: demo\nttl: 8h\nlayers:\n  databse: tinydb\n"
        "  serving: {tool: tinyapp, setings: {a: 1}}\n  storage: {target: process}\njobs: {packages: [pandas]}\n"
    )
    assert [(d.code, d.where.line if d.where else 0) for d in found] == [
        ("M004", 1),
        ("M001", 2),
        ("M002", 3),
        ("M007", 5),
        ("M001", 6),
        ("M003", 7),
        ("M013", 8),
    ]
    assert manifest is not None
    assert manifest.partial
    assert [choice.tool for choice in manifest.choices] == ["tinyapp"]


ONE_MISTAKE = {
    "unknown key": (
        "name: a\nblueprnt: demo\n" + LAYERS,
        ("M001", 2, 1, "unknown key", "`blueprnt` means nothing.", "did you mean `blueprint`?"),
    ),
    "unknown key, nothing near": (
        "name: a\nzzz: 1\n" + LAYERS,
        (
            *("M001", 2, 1, "unknown key", "`zzz` means nothing."),
            f"the keys here are {listed(ManifestShape.model_fields)}",
        ),
    ),
    "unknown key of a tool": (
        "name: a\nlayers:\n  database: [{tool: tinydb, need: {}}]\n",
        ("M001", 3, 29, "unknown key", "`need` means nothing under `layers.database[0]`.", "did you mean `needs`?"),
    ),
    "unknown key of jobs": (
        "name: a\njobs: {package: []}\n" + LAYERS,
        ("M001", 2, 8, "unknown key", "`package` means nothing under `jobs`.", "did you mean `packages`?"),
    ),
    "key of a later release": (
        "name: a\nlayers:\n  database:\n    tool: tinydb\n    version: '3'\n",
        (
            *("M002", 5, 5, "key is not honoured yet"),
            "`version`: It will choose another version of a tool; "
            "this release runs the one version its catalog has proven.",
            "leave the key out",
        ),
    ),
    "no name": (
        LAYERS,
        ("M003", 1, 1, "key is missing", "A manifest needs `name`.", "add a line\n    name: my-stack"),
    ),
    "no tool": (
        "name: a\nlayers:\n  database: {target: process}\n  serving: tinyapp\n",
        (
            *("M003", 3, 13, "key is missing", "`layers.database` needs `tool`."),
            "add a line\n    tool: NAME\nthe tools of a layer are listed by\n    stack catalog list",
        ),
    ),
    "name": (
        "name: My Stack_2!\n" + LAYERS,
        (
            *("M004", 1, 7, "name is not usable"),
            "`My Stack_2!` is not a stack's name: 1 to 31 small letters, digits and `-`, a letter first.",
            "write\n    name: my-stack",
        ),
    ),
    "tool that cannot be a name": (
        "name: a\nlayers: {database: ../../etc}\n",
        (
            *("M005", 2, 20, "value is not a name"),
            "`../../etc` cannot be the name of anything: those have letters, digits, `-`, `_`, `.` and `:`.",
            "the names are listed by\n    stack catalog list",
        ),
    ),
    "number for a text": (
        "name: a\nabout: 3.10\n" + LAYERS,
        (
            *("M006", 2, 8, "value is of the wrong kind", "`about` has to be a text, not the number 3.1."),
            'put it in quotes: "3.1"',
        ),
    ),
    "mapping for a tool": (
        "name: a\nlayers: {database: {tool: tinydb, needs: {x: {a: b}}}, serving: tinyapp}\n",
        (
            *("M006", 2, 46, "value is of the wrong kind"),
            *("`layers.database.needs.x` has to be a name or a list of names, not a mapping.", ""),
        ),
    ),
    "nothing for a tool": (
        "name: a\nlayers:\n  database:\n  serving: tinyapp\n",
        (
            *("M006", 3, 12, "value is of the wrong kind"),
            "`layers.database` has to be a tool's name, a list of them, or a mapping with `tool`, not nothing.",
            "",
        ),
    ),
    "no tool in a list": (
        "name: a\nlayers: {database: [], serving: tinyapp}\n",
        ("M006", 2, 20, "value is of the wrong kind", "`layers.database` has to be something: it is empty.", ""),
    ),
    "unknown layer": (
        "name: a\nlayers:\n  databse: tinydb\n  serving: tinyapp\n",
        ("M007", 3, 3, "unknown layer", "`databse` is not a layer.", "did you mean `database`?"),
    ),
    "layer twice": (
        "name: a\nlayers: {orchestration: x, data-pipelines: y}\n",
        (
            *("M008", 2, 28, "layer is chosen twice"),
            "`orchestration` already stands for `data-pipelines` and `experiment-pipelines`.",
            "leave out `data-pipelines` or `orchestration`",
        ),
    ),
    "tool twice": (
        "name: a\nlayers: {database: [tinydb, {tool: tinydb}]}\n",
        (
            *("M009", 2, 29, "tool is chosen twice", "`database` names `tinydb` twice."),
            "leave one `tinydb` out",
        ),
    ),
    "target of a later release": (
        "name: a\nlayers: {database: {tool: tinydb, target: cloud-gcp}}\n",
        (
            *("M010", 2, 43, "target is not built yet"),
            f"`cloud-gcp` is a target that this release does not have yet; it has {listed(TARGETS)}.",
            "write\n    target: process",
        ),
    ),
    "unknown target": (
        "name: a\ntarget: proces\n" + LAYERS,
        (
            *(
                "M011",
                2,
                9,
                "unknown target",
                f"`proces` is not a target; this release has {listed(TARGETS)}.",
            ),
            "did you mean `process`?",
        ),
    ),
    "unknown blueprint": (
        "name: a\nblueprint: demmo\n" + LAYERS,
        ("M012", 2, 12, "unknown blueprint", "No blueprint is called `demmo`.", "did you mean `demo`?"),
    ),
    "package without a version": (
        "name: a\njobs: {packages: ['pandas>=2']}\n" + LAYERS,
        (
            *("M013", 2, 19, "package is not pinned"),
            "`pandas>=2` is not one exact version of a package; no URLs, paths or options.",
            'write\n    "pandas==VERSION"',
        ),
    ),
    "Debian package that is none": (
        "name: a\njobs: {debian: [r-base-core>=4, x>=]}\n" + LAYERS,
        (
            *("M024", 2, 33, "software is not named", "`x>=` in `jobs.debian` is not what is wanted there."),
            'write it like\n    debian: ["r-base-core>=4,<5"]',
        ),
    ),
    "program with a path": (
        "name: a\njobs: {system: [/bin/node]}\n" + LAYERS,
        (
            *("M024", 2, 17, "software is not named", "`/bin/node` in `jobs.system` is not what is wanted there."),
            "write it like\n    system: [node]",
        ),
    ),
    "image that is none": (
        "name: a\ndocker: {base: 'python 3.12'}\n" + LAYERS,
        (
            *("M025", 2, 16, "value is not an image", "`python 3.12` cannot be the name of an image."),
            "write it like\n    base: python:3.12-slim",
        ),
    ),
    "unknown key of docker": (
        "name: a\ndocker: {bases: x}\n" + LAYERS,
        ("M001", 2, 10, "unknown key", "`bases` means nothing under `docker`.", "did you mean `base`?"),
    ),
    "range of Pythons": (
        "name: a\njobs: {python: '3'}\n" + LAYERS,
        (
            *("M014", 2, 16, "Python range is not understood", "`3` is not a range of Python 3 versions."),
            'write\n    python: ">=3.11,<3.14"',
        ),
    ),
}


@pytest.mark.parametrize("case", ONE_MISTAKE)
def test_each_mistake(load: Load, case: str) -> None:
    """Each mistake has its code, its exact place, a sentence about this case, and what to type."""
    text, expected = ONE_MISTAKE[case]
    _, found = load(text)
    assert one(found) == expected


@pytest.mark.parametrize("key", ["ttl", "version"])
def test_keys_of_later_releases(load: Load, key: str) -> None:
    """A key that a later release will honour is refused with a sentence about it, on the stack and on a layer."""
    for text in (f"name: a\n{key}: x\n{LAYERS}", f"name: a\nlayers: {{database: {{tool: tinydb, {key}: {{a: b}}}}}}\n"):
        _, found = load(text)
        assert one(found)[0] == "M002"


@pytest.mark.parametrize(
    "text", ["", "[]", "name: a", "name: a\nlayers: {}", "layers: x", "name: [", "{a: *b}", "a: b\n--- {}"]
)
def test_files_that_are_no_manifest(load: Load, text: str) -> None:
    """What is no manifest at all is refused with a place and without a traceback."""
    manifest, found = load(text)
    assert manifest is None or manifest.partial
    assert found
    assert all(d.where for d in found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is a diagnostic like any other."""
    manifest, found = load_manifest(tmp_path / "none.yaml", Catalog.shipped())
    assert manifest is None
    assert "none.yaml" in found[0].detail


def test_blueprints_say_what_coverage_is(load: Load) -> None:
    """A blueprint adds nothing to the stack; it says which layers coverage is measured against."""
    manifest, found = load("name: a\nblueprint: demo\n" + LAYERS)
    assert found == []
    assert manifest is not None
    assert len(manifest.choices) == 1
    assert {"database", "data-pipelines", "experiment-pipelines", "serving"} <= set(manifest.blueprint_layers)
    assert "orchestration" not in manifest.blueprint_layers


def test_noise_is_cut_short(load: Load) -> None:
    """A thousand mistakes are not a thousand messages."""
    _, found = load("name: a\n" + LAYERS + "".join(f"noise{i}: 1\n" for i in range(1000)))
    assert len(found) == MAX_MISTAKES


@pytest.mark.parametrize("key", ["<list>", "<mapping>", "<name>", "[key]", "0"])
def test_keys_named_like_our_own_marks(load: Load, key: str) -> None:
    """A key that looks like a mark of the validator is an unknown key like any other, at its own place."""
    _, found = load(f'name: a\n"{key}": 1\nlayers: {{database: {{tool: tinydb, "{key}": 2}}}}\n')
    assert [(d.code, d.where.line if d.where else 0) for d in found] == [("M001", 2), ("M001", 3)]
