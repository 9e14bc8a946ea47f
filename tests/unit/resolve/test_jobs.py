"""What jobs find in their environment."""

from typing import Any


def test_variables_of_every_endpoint(kit: Any) -> None:
    """Every field of every endpoint is there: the first endpoint's by the component's name, others by theirs too."""
    tools = {"db": kit.db(), "x": kit.entry("compute-engine", provides={"api": "web", "ui": "web"})}
    ports = {"database.sql": 20001, "compute-engine.api": 20002, "compute-engine.ui": 20003}
    env = kit.plan({"database": "db", "compute-engine": "x"}, tools, ports=ports).jobs.model_dump(mode="json")["env"]
    secret = {"secret": "jobs.database_sql"}
    assert env == {
        "SQL_URL": ["sql://jobs-database-sql:", secret, "@127.0.0.1"],
        "STACK_COMPUTE_ENGINE_HOST": "127.0.0.1",
        "STACK_COMPUTE_ENGINE_PORT": "20002",
        "STACK_COMPUTE_ENGINE_UI_HOST": "127.0.0.1",
        "STACK_COMPUTE_ENGINE_UI_PORT": "20003",
        "STACK_COMPUTE_ENGINE_UI_URL": "http://127.0.0.1:20003",
        "STACK_COMPUTE_ENGINE_URL": "http://127.0.0.1:20002",
        "STACK_DATABASE_HOST": "127.0.0.1",
        "STACK_DATABASE_PASSWORD": [secret],
        "STACK_DATABASE_PORT": "20001",
        "STACK_DATABASE_URL": ["sql://jobs-database-sql:", secret, "@127.0.0.1"],
        "STACK_DATABASE_USER": "jobs-database-sql",
    }


def test_the_first_layer_wins(kit: Any) -> None:
    """Of two servers of an interface, jobs find the first layer's by the standard variables, and the plan says so."""
    tools = {"x": kit.db(), "y": kit.db("storage")}
    for first, second in (("database", "storage"), ("storage", "database")):
        plan = kit.plan({layer: "x" if layer == "database" else "y" for layer in (first, second)}, tools)
        assert plan.jobs.env["SQL_URL"][0] == f"sql://jobs-{first}-sql:"
        assert [(n.component, n.text) for n in plan.notes] == [
            (second, f"jobs find `{first}` by the variables of `sql`; this one by `STACK_{second.upper()}_…`.")
        ]
