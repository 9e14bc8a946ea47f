"""Wires: one rule, its four branches, and who shares what."""

from typing import Any


def wires(plan: Any, *, jobs: bool = False) -> list[tuple[str, str, str]]:
    """What is wired, without the jobs."""
    return [(w.id, f"{w.server}.{w.endpoint}", w.origin) for w in plan.wires if jobs or w.consumer != "jobs"]


def test_the_one_that_offers_it(kit: Any) -> None:
    """A need is answered by the one component that offers its interface, wherever it stands in the manifest."""
    plan = kit.plan({"serving": "a", "database": "db"}, {"a": kit.needing("serving"), "db": kit.db()})
    assert wires(plan) == [("serving.store", "database.sql", "stack")]
    assert [c.id for c in plan.components] == ["database", "serving"]
    assert plan.component("serving").after == ("database", "grant:serving.store")


def test_the_one_that_is_named(kit: Any) -> None:
    """A wire in the manifest goes before the rule; a component is named by its id or by a layer it fills."""
    tools = {
        "a": kit.needing("serving"),
        "db": kit.db("database", "feature-store"),
        "other": kit.db("storage", "database"),
    }
    for word, server in (
        *(
            ("storage", "storage"),
            ("database", "database"),
            ("feature-store", "database"),
            ("database:other", "database:other"),
        ),
    ):
        layers = {
            "serving": {"tool": "a", "needs": {"store": word}},
            "database": "db",
            "feature-store": "db",
            "storage": "other",
        }
        if word == "database:other":
            layers = {**layers, "database": ["db", {"tool": "other"}], "storage": "files"}
        plan = kit.plan(layers, {**tools, "files": kit.entry("storage")})
        assert wires(plan) == [("serving.store", f"{server}.sql", "manifest")]


def test_a_layer_means_whoever_of_it_can_answer(kit: Any) -> None:
    """Of a layer with several tools, the one that offers the interface is meant."""
    tools = {"a": kit.needing("serving"), "cache": kit.entry("database", provides={"ui": "web"}), "db": kit.db()}
    plan = kit.plan({"serving": {"tool": "a", "needs": {"store": "database"}}, "database": ["cache", "db"]}, tools)
    assert wires(plan) == [("serving.store", "database:db.sql", "manifest")]


def test_the_default_joins(kit: Any) -> None:
    """A required need that nobody answers brings in the interface's default tool, with its settings, and says why."""
    tools = {"a": kit.needing("serving"), "db": kit.db(settings={"n": {"type": "integer", "default": 7, "about": "x"}})}
    plan = kit.plan({"serving": "a"}, tools)
    assert wires(plan) == [("serving.store", "serving.store.sql", "default")]
    server = plan.component("serving.store")
    assert (server.tool, server.layers, server.settings) == ("db", (), {"n": 7})
    assert server.because == "`serving` (a) needs a `sql` and no layer offers one"
    assert server.where == plan.component("serving").where


def test_who_joined_is_shared(kit: Any) -> None:
    """A second need of the interface uses the server that joined for the first."""
    plan = kit.plan(
        {"serving": "a", "labeling": "b"}, {"a": kit.needing("serving"), "b": kit.needing("labeling"), "db": kit.db()}
    )
    assert wires(plan) == [
        ("labeling.store", "serving.store.sql", "stack"),
        ("serving.store", "serving.store.sql", "default"),
    ]


def test_who_joins_may_need_somebody_too(kit: Any) -> None:
    """Needs of a component that joined are answered by the same rule."""
    needs = {"store": {"interface": "sql", "about": "Rows."}}
    tools = {"ui": kit.entry("labeling", provides={"ui": "web"}, needs=needs), "db": kit.db()}
    tools["a"] = kit.needing("serving", interface="web")
    web = {"about": "x", "default": "ui", "fields": {}}
    plan = kit.plan({"serving": "a"}, tools, {"web": web})
    assert [c.id for c in plan.components] == ["serving.store.store", "serving.store", "serving"]


def test_an_optional_need_stays_empty(kit: Any) -> None:
    """An optional need brings nobody in, and the plan says that it is empty."""
    plan = kit.plan({"serving": "a"}, {"a": kit.needing("serving", optional=True), "db": kit.db()})
    assert wires(plan) == []
    assert [(n.component, n.text) for n in plan.notes] == [
        ("serving", "`store` stays empty: nothing in the stack offers a `sql`. Rows.")
    ]


def test_features_that_nobody_offers(kit: Any) -> None:
    """An optional need whose features the stack's server lacks stays empty, and the plan says why."""
    tools = {"a": kit.needing("serving", optional=True, features=["trgm"]), "db": kit.db(features={"sql": ["vector"]})}
    plan = kit.plan({"serving": "a", "database": "db"}, tools)
    assert wires(plan) == []
    assert (
        plan.notes[0].text
        == "`store` stays empty: it wants a `sql` with `trgm`, which `database` (db) does not have. Rows."
    )


def test_features_tell_servers_apart(kit: Any) -> None:
    """Of two servers the one with the features answers; a required need brings in a default tool that has them."""
    tools = {
        "a": kit.needing("serving", features=["vector"]),
        "db": kit.db(features={"sql": ["vector"]}),
        "plain": kit.db("storage"),
    }
    plan = kit.plan({"serving": "a", "storage": "plain", "database": "db"}, tools)
    assert wires(plan) == [("serving.store", "database.sql", "stack")]
    plan = kit.plan({"serving": "a", "storage": "plain"}, tools)
    assert wires(plan) == [("serving.store", "serving.store.sql", "default")]
    assert (
        plan.component("serving.store").because == "`serving` (a) needs a `sql` and no layer offers one with `vector`"
    )


def test_exclusive_servers(kit: Any) -> None:
    """An interface that is never shared gives each need a server of its own, and jobs none of those."""
    own = {"about": "x", "default": "own", "exclusive": True, "client": {}}
    tools = {"a": kit.needing("serving", interface="own"), "b": kit.needing("labeling", interface="own")}
    tools["own"] = kit.entry("database", provides={"sql": "own"})
    plan = kit.plan({"serving": "a", "labeling": "b", "database": "own"}, tools, {"own": own})
    assert wires(plan, jobs=True) == [
        ("jobs.database_sql", "database.sql", "stack"),
        ("labeling.store", "labeling.store.sql", "default"),
        ("serving.store", "serving.store.sql", "default"),
    ]


def test_needs_of_everybody(kit: Any) -> None:
    """A `many` need is wired to every endpoint of its interface, each wire named after the endpoint."""
    tools = {
        "watch": kit.needing("monitoring", interface="web", many=True),
        "a": kit.entry("serving", provides={"ui": "web", "metrics": "web"}),
        "b": kit.needing("labeling", interface="sql"),
        "db": kit.entry("database", provides={"sql": "sql", "page": "web"}),
    }
    plan = kit.plan({"monitoring": "watch", "serving": "a", "labeling": "b"}, tools)
    assert [w[:2] for w in wires(plan) if w[0].startswith("monitoring")] == [
        ("monitoring.store.labeling_store_page", "labeling.store.page"),
        ("monitoring.store.serving_metrics", "serving.metrics"),
        ("monitoring.store.serving_ui", "serving.ui"),
    ]
    assert {w.id: w.fields["port"] for w in plan.wires if w.consumer == "monitoring"} == {
        f"monitoring.store.{component.replace('.', '_')}_{name}": port
        for component, name in (("labeling.store", "page"), ("serving", "metrics"), ("serving", "ui"))
        for port in [plan.component(component).ports[name]]
    }
    named = {"tool": "watch", "needs": {"store": ["serving"]}}
    plan = kit.plan({"monitoring": named, "serving": "a", "labeling": "b"}, tools)
    assert [w[1] for w in wires(plan) if w[0].startswith("monitoring")] == ["serving.metrics", "serving.ui"]


def test_grants(kit: Any) -> None:
    """Each consumer's need of a server with `grant` has a share of its own; jobs too; others share as it is."""
    tools = {"a": kit.needing("serving"), "db": kit.db(), "page": kit.entry("labeling", provides={"ui": "web"})}
    tools["b"] = kit.needing("monitoring", interface="web")
    plan = kit.plan({"serving": "a", "database": "db", "labeling": "page", "monitoring": "b"}, tools)
    assert {w.id: w.grant and w.grant["name"] for w in plan.wires} == {
        "jobs.database_sql": "jobs-database-sql",
        "monitoring.store": None,
        "serving.store": "serving-store",
    }
    assert plan.secrets == ("jobs.database_sql", "serving.store")
    assert plan.component("monitoring").after == ("labeling",)


def test_a_page_of_a_server_with_grants_needs_none(kit: Any) -> None:
    """A share is made only where it fills fields of the wire's interface."""
    tools = {"db": kit.db(), "a": kit.needing("serving", interface="web")}
    tools["db"]["tool"]["provides"] = {"sql": "sql", "ui": "web"}
    tools["db"]["recipe"]["endpoints"] = {"sql": {"port": 1}, "ui": {"port": 2}}
    plan = kit.plan({"database": "db", "serving": "a"}, tools)
    assert next(w for w in plan.wires if w.consumer == "serving").grant is None
