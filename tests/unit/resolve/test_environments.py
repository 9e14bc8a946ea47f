"""Environments: keyed by what they are made of; the jobs' one holds what has to speak to the stack."""

from typing import Any

import pytest

from stackwright.manifest.load import load_manifest
from stackwright.resolve import resolve
from stackwright.resolve.environments import narrowed


def of(plan: Any, component: str) -> Any:
    """A component's environment."""
    return next(e for e in plan.environments if e.key == plan.component(component).environment)


def jobs_of(plan: Any) -> Any:
    """The jobs' environment."""
    return next(e for e in plan.environments if e.key == plan.jobs.environment)


def test_an_environment_of_its_own(kit: Any) -> None:
    """A tool's packages carry its version; the key names the tool and changes with what is installed, and only then."""

    def made(version: str = "1.0", python: str = ">=3.11", **tool: Any) -> Any:
        install = {"packages": ["b==2", "a=={{ version }}"], "python": python}
        return of(
            kit.plan(
                {"database": "db"}, {"db": kit.entry("database", version=version, recipe={"install": install}, **tool)}
            ),
            "database",
        )

    environment = made()
    assert (environment.packages, environment.python, environment.lock) == (("a==1.0", "b==2"), ">=3.11", None)
    assert environment.key.startswith("db-")
    assert len(environment.key) == len("db-") + 16
    assert environment.prefix == f"/cache/environments/{environment.key}"
    assert made(about="Something else.") == environment
    assert len({environment.key, made(version="1.1").key, made(python=">=3.12").key}) == 3


def test_a_lock_is_what_is_installed(kit: Any) -> None:
    """With a lock the key is made of its content, wherever the catalog lies."""
    from dataclasses import replace
    from pathlib import Path

    from stackwright.manifest.load import load_manifest
    from stackwright.resolve import resolve

    keys = []
    for content in ("a==1 --hash=sha256:0\n", "a==1 --hash=sha256:0\n", "a==2 --hash=sha256:0\n"):
        catalog = kit.catalog({"db": kit.entry("database")})
        lock = catalog.folder("db") / "lock.txt"
        lock.write_text(content)
        file = kit.folder / "stack.yaml"
        file.write_text("name: it\nlayers: {database: db}\n")
        manifest, _ = load_manifest(file, catalog)
        plan, found = resolve(manifest, catalog, replace(kit.identity, cache_dir=Path("/elsewhere")))
        assert found == []
        assert of(plan, "database").lock == str(lock)
        assert of(plan, "database").prefix.startswith("/elsewhere/environments/db-")
        keys.append(of(plan, "database").key)
    assert keys[0] == keys[1] != keys[2]


def test_what_jobs_import(kit: Any) -> None:
    """The jobs' environment holds the manifest's packages, the clients of the wires, and tools that share it."""
    client = {"about": "x", "fields": {}, "client": {"packages": ["flowclient=={{ version }}"]}}
    shared = {"install": {"packages": ["n=={{ version }}"], "python": ">=3.12", "with": "jobs"}}
    tools = {
        "db": kit.db(),
        "flow": kit.entry("data-pipelines", version="7.5", provides={"api": "flow"}),
        "n": kit.entry("notebooks", kind="library", recipe=shared),
        "page": kit.entry("labeling", provides={"ui": "web"}),
    }
    layers = {"database": "db", "data-pipelines": "flow", "notebooks": "n", "labeling": "page"}
    jobs = {"python": ">=3.11,<3.14", "packages": ["pandas==3.1.1", "n==1.0"]}
    plan = kit.plan(layers, tools, {"flow": client}, more={"jobs": jobs})
    environment = jobs_of(plan)
    assert environment.packages == ("flowclient==7.5", "n==1.0", "pandas==3.1.1", "sqlclient==1.0")
    assert environment.python == ">=3.12,<3.14"
    assert plan.component("notebooks").environment == environment.key
    assert plan.component("database").environment != environment.key


def test_software_from_elsewhere(kit: Any) -> None:
    """It is part of the environment and of its key, with the lock of its source; jobs have what they ask for."""

    def made(lock: str, **install: Any) -> Any:
        catalog = kit.catalog({"db": kit.entry("database", recipe={"install": install})})
        (catalog.folder("db") / "maven.lock").write_text(lock)
        file = kit.folder / "stack.yaml"
        file.write_text("name: it\nlayers: {database: db}\njobs: {debian: [r-base-core], system: [node]}\n")
        manifest, wrong = load_manifest(file, catalog)
        plan, found = resolve(manifest, catalog, kit.identity)
        assert (wrong, found) == ([], [])
        assert jobs_of(plan).sources == {"debian": ("r-base-core",)}
        assert plan.jobs.system == ("node",)
        return of(plan, "database")

    environment = made("1", debian=["redis>={{ version }}"], maven=["g:a:1"])
    assert environment.sources == {"debian": ("redis>=1.0",), "maven": ("g:a:1",)}
    assert environment.locks.keys() == {"maven"}
    again = made("1", debian=["redis>={{ version }}"], maven=["g:a:1"])
    others = [made("2", debian=["redis>={{ version }}"], maven=["g:a:1"]), made("1", debian=["redis"], maven=["g:a:1"])]
    assert environment.key == again.key
    assert len({environment.key, *(other.key for other in others)}) == 3


def test_pins_under_different_markers_go_together(kit: Any) -> None:
    """Two versions under two markers never meet; one of them without a marker does."""
    apart = ["sqlclient==2.0; python_version < '3.0'", "sqlclient==1.0; python_version >= '3.0'"]
    _, found = kit.answer({"notebooks": "n"}, {"n": kit.entry("notebooks")}, more={"jobs": {"packages": apart}})
    assert found == []
    _, found = kit.answer({"database": "db"}, {"db": kit.db()}, more={"jobs": {"packages": apart[:1]}})
    assert [d.code for d in found] == ["R018"]


@pytest.mark.parametrize(
    ("ranges", "both"),
    [
        ([">=3.11,<3.14"], ">=3.11,<3.14"),
        ([">=3.11,<3.14", ">=3.12"], ">=3.12,<3.14"),
        ([">=3.11", "<3.12.4,!=3.11.2"], ">=3.11,<3.12.4,!=3.11.2"),
        (["==3.12.*", ">=3.11"], ">=3.12,<3.13"),
        ([">=3.13", "<3.13"], None),
        (["==3.11.*", "==3.12.*"], None),
    ],
)
def test_ranges(ranges: list[str], both: str | None) -> None:
    """Ranges of Pythons become the one that is in all of them, or none."""
    assert narrowed(ranges) == both
