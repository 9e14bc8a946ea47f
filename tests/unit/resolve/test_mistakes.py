"""Every mistake the resolver finds: its code, place, sentence and what to type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Case = Callable[[Any], Any]
Told = tuple[str, int, int, str, str, str]

SHOW_V = "all that is known of it is shown by\n    stack catalog show v"


def gone(kit: Any, successor: tuple[str, ...] = (), unverified: bool = False) -> dict[str, Any]:
    """A tool without a recipe, of which only its end is known."""
    status = {"state": "shut-down", "as_of": "2025-01", "note": "by its owner", "source": "x", "unverified": unverified}
    return {"tool": kit.db(kind="vendor", status=status, successor=list(successor))["tool"]}


CASES: dict[str, tuple[Case, Told]] = {
    "unknown tool": (
        lambda kit: kit.answer({"database": "dbb"}, {"db": kit.db(), "mysql": kit.db(), "x": kit.entry("serving")}),
        (
            *("R001", 3, 13, "unknown tool", "No tool called `dbb` is in the catalog."),
            "did you mean `db`?",
        ),
    ),
    "tool of another layer": (
        lambda kit: kit.answer({"database": {"tool": "x"}}, {"db": kit.db(), "x": kit.entry("serving", "storage")}),
        (
            *("R002", 3, 22, "tool does not do this layer", "`x` does `serving` and `storage`, not `database`."),
            "`database` on `process` is done by `db`",
        ),
    ),
    "tool nobody can run": (
        lambda kit: kit.answer({"database": "v"}, {"db": kit.db(), "v": {"tool": kit.db(kind="vendor")["tool"]}}),
        (
            *("R003", 3, 13, "tool does not run on this target"),
            "`v` runs on no target: the catalog knows what it is, but not how to start it.",
            f"`database` on `process` is done by `db`\n{SHOW_V}",
        ),
    ),
    "tool that is gone": (
        lambda kit: kit.answer(
            {"database": "v"}, {"a": kit.db(), "db": kit.db(), "v": gone(kit, ("db", "Sequel Inc"))}
        ),
        (
            *("R003", 3, 13, "tool does not run on this target"),
            "`v` was shut down: by its owner (as of 2025-01). Its place is taken by `db` or `Sequel Inc`.",
            f"`database` on `process` is done by `db` and `a`\n{SHOW_V}",
        ),
    ),
    "tool that is said to be gone": (
        lambda kit: kit.answer({"database": "v"}, {"v": gone(kit, unverified=True)}),
        (
            *("R003", 3, 13, "tool does not run on this target"),
            "`v` was shut down: by its owner (not verified).",
            SHOW_V,
        ),
    ),
    "tool under another name": (
        lambda kit: kit.answer({"database": "v"}, {"db": kit.db(), "v": {"tool": kit.db(same_as="db")["tool"]}}),
        (
            *("R003", 3, 13, "tool does not run on this target"),
            "In the catalog `v` goes by the name `db`.",
            "write\n    database: db",
        ),
    ),
    "unknown need": (
        lambda kit: kit.answer({"serving": {"tool": "a", "needs": {"stor": "x"}}}, {"a": kit.needing("serving")}),
        ("R004", 3, 36, "unknown need", "`a` has no need called `stor`.", "did you mean `store`?"),
    ),
    "needs of a tool without": (
        lambda kit: kit.answer({"database": {"tool": "db", "needs": {"x": "y"}}}, {"db": kit.db()}),
        ("R004", 3, 38, "unknown need", "`db` has no need called `x`.", "leave `needs` out: it has none"),
    ),
    "unknown setting": (
        lambda kit: setting(kit, {"worker": 1}, {"type": "integer", "about": "x"}),
        ("R005", 3, 41, "unknown setting", "`db` has no setting `worker`.", "did you mean `workers`?"),
    ),
    "text for a number": (
        lambda kit: setting(kit, {"workers": "two"}, {"type": "integer", "default": 2, "about": "x"}),
        (
            *("R006", 3, 41, "setting has the wrong type"),
            "`workers` of `db` has to be a whole number, not the text `two`.",
            "write\n    workers: 2",
        ),
    ),
    "number for a text": (
        lambda kit: setting(kit, {"workers": 3.1}, {"type": "string", "default": "a", "about": "x"}),
        (
            *("R006", 3, 41, "setting has the wrong type", "`workers` of `db` has to be a text, not `3.1`."),
            'put it in quotes\n    workers: "3.1"',
        ),
    ),
    "truth for a number": (
        lambda kit: setting(kit, {"workers": True}, {"type": "integer", "minimum": 4, "about": "x"}),
        (
            *("R006", 3, 41, "setting has the wrong type", "`workers` of `db` has to be a whole number, not `true`."),
            "write\n    workers: 4",
        ),
    ),
    "nothing where something must be": (
        lambda kit: setting(kit, {"workers": None}, {"type": "boolean", "default": False, "about": "x"}),
        (
            *("R006", 3, 41, "setting has the wrong type"),
            "`workers` of `db` has to be `true` or `false`, not nothing.",
            "write\n    workers: true",
        ),
    ),
    "too large": (
        lambda kit: setting(kit, {"workers": 99}, {"type": "integer", "default": 2, "maximum": 64, "about": "x"}),
        (
            *("R007", 3, 41, "setting is out of range", "`workers` of `db` has to be at most 64, not `99`."),
            "write\n    workers: 64",
        ),
    ),
    "too small": (
        lambda kit: setting(kit, {"workers": -1}, {"type": "number", "default": 0.5, "minimum": 0, "about": "x"}),
        (
            *("R007", 3, 41, "setting is out of range", "`workers` of `db` has to be at least 0, not `-1`."),
            "write\n    workers: 0.5",
        ),
    ),
    "not a choice": (
        lambda kit: setting(kit, {"workers": "fst"}, {"type": "string", "choices": ["slow", "fast"], "about": "x"}),
        (
            *("R007", 3, 41, "setting is out of range"),
            "`workers` of `db` has to be `slow` or `fast`, not the text `fst`.",
            "write\n    workers: fast",
        ),
    ),
    "folder elsewhere": (
        lambda kit: setting(kit, {"workers": "/etc"}, {"type": "folder", "about": "x"}),
        (
            *("R008", 3, 41, "folder is out of bounds"),
            "`workers` of `db` names a folder outside of the manifest's; it has to be a folder beside the manifest.",
            "write\n    workers: FOLDER",
        ),
    ),
    "wire to nobody": (
        lambda kit: wired(kit, "databse"),
        (
            *("R009", 3, 36, "unknown component"),
            "`serving` (a) names `databse` for its `store`, and the stack has no such component or layer.",
            "did you mean `database`?",
        ),
    ),
    "wire to somebody else": (
        lambda kit: wired(kit, "storage"),
        (
            *("R010", 3, 36, "component does not offer the interface"),
            "`serving` (a) needs a `sql` for its `store`; `storage` does not offer one.",
            "`database` would do",
        ),
    ),
    "two who could answer": (
        lambda kit: kit.answer(
            {"serving": "a", "database": "db", "storage": "other"},
            {"a": kit.needing("serving"), "db": kit.db(), "other": kit.db("storage")},
        ),
        (
            *("R011", 3, 3, "several components answer a need"),
            "`serving` (a) needs a `sql` for its `store`, and `database` and `storage` offer one.",
            "say which under `serving`\n    needs: {store: database}",
        ),
    ),
    "nobody answers": (
        lambda kit: kit.answer(
            {"serving": "a"},
            {"a": kit.needing("serving", interface="web"), "b": kit.entry("labeling", provides={"ui": "web"})},
        ),
        (
            *("R012", 3, 3, "need has no answer"),
            "`serving` (a) needs a `web` for its `store`; nothing offers one, and no default tool does.",
            "give a layer one of `b`",
        ),
    ),
    "nobody has the feature": (
        lambda kit: kit.answer(
            {"serving": "a", "database": "db"}, {"a": kit.needing("serving", features=["vector"]), "db": kit.db()}
        ),
        (
            *("R012", 3, 3, "need has no answer"),
            "`serving` (a) needs a `sql` with `vector` for its `store`; `database` has no `vector`, "
            "and no default tool does.",
            "the tools are listed by\n    stack catalog list",
        ),
    ),
    "wire without the feature": (
        lambda kit: kit.answer(
            {"serving": {"tool": "a", "needs": {"store": "database"}}, "database": "db"},
            {"a": kit.needing("serving", features=["vector"], optional=True), "db": kit.db()},
        ),
        (
            *("R013", 3, 36, "component lacks a feature"),
            "`serving` (a) needs `vector` of its `store`, which `database` (db) does not have.",
            "leave `store` out of `needs`",
        ),
    ),
    "a circle": (
        lambda kit: kit.answer(
            {"database": "x", "serving": "y"},
            {
                "x": kit.entry("database", provides={"sql": "sql"}, needs={"ui": {"interface": "web", "about": "x"}}),
                "y": kit.entry("serving", provides={"ui": "web"}, needs={"store": {"interface": "sql", "about": "x"}}),
            },
        ),
        (
            *("R015", 3, 3, "components need each other"),
            "Each of these needs the next to be there first: `database` → `serving` → `database`.",
            "wire one of them to another component, under its layer\n    needs: {NEED: COMPONENT}",
        ),
    ),
    "default tools without end": (
        lambda kit: kit.answer(
            {"serving": "a"},
            {"a": kit.needing("serving", interface="own"), "own": kit.entry("database", **OWN)},
            {"own": {"about": "x", "default": "own", "exclusive": True}},
        ),
        (
            *("R016", 3, 3, "default tools need each other"),
            "`serving.store` (own) needs another `own` for its `more`, and so on without end. "
            "`serving.store` is in the stack because `serving` (a) needs a `own` and shares it with nobody.",
            "choose its server yourself: add a layer for it, and under `serving`\n    needs: {store: THAT-LAYER}",
        ),
    ),
    "two for one": (
        lambda kit: wired(kit, ["database", "storage"]),
        (
            *("R017", 3, 36, "need takes one component", "`store` of `serving` (a) takes one component, not 2."),
            "write\n    needs: {store: COMPONENT}",
        ),
    ),
    "pins that conflict": (
        lambda kit: kit.answer({"database": "db"}, {"db": kit.db()}, more={"jobs": {"packages": ["SqlClient==2.0"]}}),
        (
            *("R018", 1, 1, "packages of the jobs conflict"),
            "`jobs.packages` of the manifest wants `SqlClient==2.0`, "
            "and the client of `database` (db) wants `sqlclient==1.0`.",
            'write under `jobs`\n    packages: ["sqlclient==1.0"]',
        ),
    ),
    "Pythons that conflict": (
        lambda kit: kit.answer(
            {"notebooks": "n"},
            {"n": kit.entry("notebooks", kind="library", recipe={"install": {"python": "<3.12", "with": "jobs"}})},
            more={"jobs": {"python": ">=3.13"}},
        ),
        (
            *("R019", 1, 1, "no Python version fits the jobs"),
            "`jobs.python` of the manifest says `>=3.13`, `notebooks` (n), which shares the jobs' environment, "
            "says `<3.12`.",
            'write under `jobs`\n    python: ">=3.0,<3.12"',
        ),
    ),
    "value that a file cannot hold": (
        lambda kit: kit.answer(
            {"database": {"tool": "db", "settings": {"title": "a\nb"}}},
            {
                "db": kit.entry(
                    "database",
                    settings={"title": {"type": "string", "about": "x"}},
                    recipe={"files": {"f": {"format": "ini", "data": {"s": {"t": "{{ settings.title }}"}}}}},
                )
            },
        ),
        (
            *("C013", 3, 3, "value does not fit into the file"),
            "In `database` (db): A `ini` file cannot hold it: '\\n' in `a…` ends the line it stands on.",
            "",
        ),
    ),
}
OWN: dict[str, Any] = {"provides": {"sql": "own"}, "needs": {"more": {"interface": "own", "about": "x"}}}


def setting(kit: Any, values: dict[str, Any], kind: dict[str, Any]) -> Any:
    """A stack of one tool with one setting, `workers`."""
    layers = {"database": {"tool": "db", "settings": values}}
    return kit.answer(layers, {"db": kit.db(settings={"workers": kind})})


def wired(kit: Any, to: Any) -> Any:
    """A consumer of `sql` wired to something."""
    layers = {"serving": {"tool": "a", "needs": {"store": to}}, "database": "db", "storage": "files"}
    return kit.answer(layers, {"a": kit.needing("serving"), "db": kit.db(), "files": kit.entry("storage")})


@pytest.mark.parametrize("case", CASES)
def test_each_mistake(kit: Any, case: str) -> None:
    """Each mistake is told once, with its code, its exact place, a sentence about this case, and what to type."""
    ask, expected = CASES[case]
    plan, found = ask(kit)
    assert plan is None
    (mistake,) = found
    where = mistake.where
    assert (mistake.code, where.line, where.column, mistake.summary, mistake.detail, mistake.hint) == expected


def test_all_at_once(kit: Any) -> None:
    """Mistakes in the choices are told together; so are those in the wires and in the jobs' packages."""
    tools = {"db": kit.db(settings={"n": {"type": "integer", "about": "x"}}), "a": kit.needing("serving", "labeling")}
    _, found = kit.answer({"database": {"tool": "db", "settings": {"n": "x"}}, "serving": "aa", "storage": "db"}, tools)
    assert [d.code for d in found] == ["R006", "R001", "R002"]
    layers = {"database": "db", "serving": {"tool": "a", "needs": {"store": "x"}}, "labeling": {"tool": "a"}}
    tools["labels"] = kit.needing("labeling", interface="web")
    _, found = kit.answer({**layers, "labeling": "labels"}, tools, more={"jobs": {"packages": ["sqlclient==2"]}})
    assert [d.code for d in found] == ["R012", "R009", "R018"]


def test_wires_of_what_is_missing_are_not_told(kit: Any) -> None:
    """A misspelt tool is one mistake, not one more for everybody who needs it."""
    _, found = kit.answer(
        {"database": "dbb", "serving": {"tool": "a", "needs": {"store": "database"}}},
        {"db": kit.db(), "a": kit.needing("serving")},
    )
    assert [d.code for d in found] == ["R001"]
