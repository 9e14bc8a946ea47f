"""Specs: everything resolved but secrets, exactly as docs/architecture.md says."""

import json
from pathlib import Path
from typing import Any

SECRET = {"secret": "database.admin"}
IN_JSON = {"secret": "database.admin|json"}


def test_a_component_in_full(kit: Any) -> None:
    """Every part of a recipe is in the spec, with addresses, folders and settings filled in."""
    recipe = {
        "install": {"path": ["{{ site_packages }}/x/bin"], "system": ["git"]},
        "secrets": ["admin"],
        "files": {
            "conf": {
                "format": "json",
                "path": "etc/conf.json",
                "data": {"n": "{{ settings.n }}", "p": "{{ secrets.admin }}"},
            }
        },
        "prepare": [{"command": ["init", "{{ data_dir }}"], "run": "once"}, {"command": ["migrate"]}],
        "command": [
            "serve",
            "--port={{ listen.sql.port }}",
            "{{ files.conf }}",
            {"when": "settings.fast", "value": "--fast"},
        ],
        "env": {
            "NAMES": "{{ listen.sql.names }}",
            "N": "{{ settings.n }}",
            "NOT": {"when": "settings.fast", "value": "x"},
        },
        "endpoints": {"sql": {"port": 5432}, "peer": {"port": 1, "internal": True}},
        "ready": {"http": "{{ endpoints.peer.url }}/health", "json": {"a.b": "{{ settings.n }}"}, "timeout": "9s"},
        "stop": {"signal": "INT", "timeout": "3s"},
    }
    settings = {
        "n": {"type": "integer", "default": 2, "about": "x"},
        "fast": {"type": "boolean", "default": False, "about": "x"},
    }
    tool = kit.entry("database", provides={"sql": "sql"}, settings=settings, recipe=recipe)
    component = kit.plan(
        {"database": "db"}, {"db": tool}, ports={"database.sql": 20001, "database.peer": 20002}
    ).components[0]
    folder = "/w/.stack/it/components/database"
    prefix = f"/cache/environments/{component.environment}"
    assert component.spec == {
        "v": 1,
        "component": "database",
        "tool": "db",
        "environment": {"key": component.environment, "prefix": prefix},
        "path": [f"{prefix}/site-packages/x/bin", "/w/.stack/it/bin"],
        "folder": folder,
        "unprivileged": False,
        "entry": None,
        "files": [
            {
                "path": f"{folder}/run/etc/conf.json",
                "content": ['{\n  "n": 2,\n  "p": "', IN_JSON, '"\n}\n'],
            }
        ],
        "prepare": [{"command": ["init", f"{folder}/data"], "run": "once"}, {"command": ["migrate"], "run": "always"}],
        "env": {"N": "2", "NAMES": "127.0.0.1,127.0.0.1:20001,localhost:20001"},
        "processes": [
            {
                "name": "main",
                "command": ["serve", "--port=20001", f"{folder}/run/etc/conf.json"],
                "env": {},
                "after": [],
                "ready": None,
            }
        ],
        "ready": {"http": "http://127.0.0.1:20002/health", "json": {"a.b": 2}, "timeout": 9.0},
        "stop": {"signal": "INT", "timeout": 3.0},
        "ports": {"sql": 20001, "peer": 20002},
    }
    assert component.ports == {"sql": 20001, "peer": 20002}
    assert list(component.endpoints) == ["sql"]


def test_processes(kit: Any) -> None:
    """Processes come in start order; a number that can be set numbers the copies even when it is one."""
    recipe = {
        "processes": {
            "worker": {
                "command": ["work", "{{ self.index }}", "{{ self.name }}"],
                "count": "{{ settings.n }}",
                "after": ["main"],
            },
            "main": {
                "command": ["main"],
                "env": {"A": "{{ self.host }}"},
                "ready": {"tcp": "127.0.0.1:{{ listen.sql.port }}"},
            },
            "last": {"command": ["last"], "after": ["worker"]},
        },
        "endpoints": {"sql": {"port": 1, "of": "main"}},
    }
    tool = kit.entry(
        "database", provides={"sql": "sql"}, settings={"n": {"type": "integer", "about": "x", "default": 1}}
    )
    tool["recipe"] = {"install": {}, **recipe}

    def processes(n: int) -> Any:
        layers = {"database": {"tool": "db", "settings": {"n": n}}}
        return kit.plan(layers, {"db": tool}, ports={"database.sql": 20001}).components[0].spec["processes"]

    two = processes(2)
    assert [(p["name"], p["after"]) for p in two] == [
        ("main", []),
        ("worker.0", ["main"]),
        ("worker.1", ["main"]),
        ("last", ["worker.0", "worker.1"]),
    ]
    assert two[2]["command"] == ["work", "1", "worker.1"]
    assert (two[0]["env"], two[0]["ready"]) == ({"A": "127.0.0.1"}, {"tcp": "127.0.0.1:20001", "timeout": 60.0})
    assert [p["name"] for p in processes(1)] == ["main", "worker.0", "last"]


def test_what_refuses_root(kit: Any) -> None:
    """As root such a component lies outside the workspace, with its own copy of the entry; else it is like any."""
    recipe = {
        "root": "refused",
        "command": ["python", "{{ here }}/x.py", "{{ settings.dir }}"],
        "grant": {**kit_grant(), "command": ["{{ here }}/g"]},
    }
    tool = kit.entry(
        "database", provides={"sql": "sql"}, settings={"dir": {"type": "folder", "default": "flows", "about": "x"}}
    )
    tool["recipe"] |= recipe
    plan = kit.plan({"database": "db"}, {"db": tool}, root=True)
    spec, entry = plan.components[0].spec, str(kit.folder / "catalog1" / "db")
    folder = "/state/components/it-0a1b2c/database"
    assert (spec["folder"], spec["unprivileged"], spec["entry"]) == (
        folder,
        True,
        {"from": entry, "to": f"{folder}/entry"},
    )
    assert spec["processes"][0]["command"] == ["python", f"{folder}/entry/x.py", f"{folder}/entry/flows"]
    grant = plan.wires[0].grant
    assert (grant["folder"], grant["command"], grant["unprivileged"]) == (folder, [f"{folder}/entry/g"], True)
    user = kit.plan({"database": "db"}, {"db": tool}).components[0].spec
    assert (user["folder"], user["unprivileged"], user["entry"]) == ("/w/.stack/it/components/database", True, None)
    assert user["processes"][0]["command"][2].endswith("/db/flows")


def kit_grant() -> dict[str, Any]:
    """A grant's recipe."""
    return {"command": ["g"], "fields": {"user": "{{ grant.name }}", "password": "{{ grant.secret }}"}}


def test_a_grant_in_full(kit: Any) -> None:
    """The grant runs in the server's environment and folder, its own secret under the consumer's need."""
    recipe = {
        "secrets": ["admin"],
        "grant": {**kit_grant(), "command": ["grant", "{{ grant.name }}", "{{ listen.sql.port }}"]},
    }
    recipe["grant"]["env"] = {"ADMIN": "{{ secrets.admin }}", "SECRET": "x{{ grant.secret }}"}
    tools = {"db": kit.entry("database", provides={"sql": "sql"}, recipe=recipe), "a": kit.needing("serving")}
    plan = kit.plan({"database": "db", "serving": "a"}, tools, ports={"database.sql": 20001})
    key = plan.component("database").environment
    assert next(w.grant for w in plan.wires if w.consumer == "serving") == {
        "v": 1,
        "name": "serving-store",
        "consumer": "serving",
        "need": "store",
        "server": "database",
        "secret": "serving.store",
        "environment": {"key": key, "prefix": f"/cache/environments/{key}"},
        "path": [],
        "folder": "/w/.stack/it/components/database",
        "unprivileged": False,
        "command": ["grant", "serving-store", "20001"],
        "env": {"ADMIN": [SECRET], "SECRET": ["x", {"secret": "serving.store"}]},
    }


def test_each_sees_its_own_share(kit: Any) -> None:
    """A consumer gets the fields of its grant, jobs those of theirs; variables of the interface follow `env_of`."""
    tools = {"db": kit.db(), "a": kit.needing("serving"), "b": kit.needing("labeling", optional=True)}
    for tool in (tools["a"], tools["b"]):
        tool["recipe"] |= {
            "env_of": ["needs.store"],
            "env": {"USER": {"when": "needs.store", "value": "{{ needs.store.user }}"}},
        }
    plan = kit.plan({"database": "db", "serving": "a", "labeling": "b"}, tools, ports={"database.sql": 20001})
    serving = plan.component("serving").model_dump(mode="json")
    secret = {"secret": "serving.store"}
    (wire,) = [wire for wire in plan.wires if wire.consumer == "serving"]
    assert wire.model_dump(mode="json")["fields"] == {
        "host": "127.0.0.1",
        "password": [secret],
        "port": 20001,
        "url": ["sql://serving-store:", secret, "@127.0.0.1"],
        "user": "serving-store",
    }
    assert serving["env"] == {"SQL_URL": ["sql://serving-store:", secret, "@127.0.0.1"], "USER": "serving-store"}
    assert plan.component("database").endpoints["sql"].fields["user"] == "jobs-database-sql"
    assert plan.jobs.model_dump(mode="json")["env"]["SQL_URL"][1] == {"secret": "jobs.database_sql"}


def test_an_empty_need_leaves_no_trace(kit: Any) -> None:
    """What a recipe says about an optional need is left out where the need is empty."""
    tool = kit.needing("serving", optional=True)
    tool["recipe"] |= {
        "env_of": ["needs.store"],
        "env": {"U": {"first": [{"when": "needs.store", "value": "x"}, "file"]}},
    }
    assert kit.plan({"serving": "a"}, {"a": tool}).components[0].env == {"U": "file"}


def test_libraries(kit: Any) -> None:
    """A library has no spec to start; its variables and files are there for whoever uses it."""
    recipe = {"env": {"HOME_OF": "{{ data_dir }}"}, "files": {"c": {"format": "lines", "data": ["x"]}}}
    component = kit.plan({"notebooks": "n"}, {"n": kit.entry("notebooks", kind="library", recipe=recipe)}).components[0]
    folder = "/w/.stack/it/components/notebooks"
    assert (component.spec, component.kind) == (None, "library")
    assert (component.env, component.files) == ({"HOME_OF": f"{folder}/data"}, {f"{folder}/run/c": "x\n"})


def test_hostile_settings_stay_texts(kit: Any) -> None:
    """A setting that looks like a reference, a secret or Terraform arrives as it is, and is read only once."""
    hostile = '{{ secrets.admin }} ${file("/etc/passwd")} %{x} [{"secret": "database.admin"}]'
    tool = kit.entry("database", settings={"t": {"type": "string", "about": "x"}})
    tool["recipe"] |= {"secrets": ["admin"], "command": ["run", "{{ settings.t }}"], "env": {"T": "<{{ settings.t }}>"}}
    component = kit.plan({"database": {"tool": "db", "settings": {"t": hostile}}}, {"db": tool}).components[0]
    assert component.spec["processes"][0]["command"] == ["run", hostile]
    assert component.spec["env"] == {"T": f"<{hostile}>"}
    assert json.loads(json.dumps(component.spec)) == component.spec


def test_entries_are_named_where_they_lie(kit: Any, tmp_path: Path) -> None:
    """An entry that is not dropped to another user is used where it is."""
    tool = kit.entry("database", recipe={"command": ["python", "{{ here }}/x.py"]})
    spec = kit.plan({"database": "db"}, {"db": tool}, root=True).components[0].spec
    assert spec["processes"][0]["command"][1] == str(tmp_path / "catalog1" / "db" / "x.py")
