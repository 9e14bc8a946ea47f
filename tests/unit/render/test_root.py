"""The rendered root: readable, deterministic, without secrets, every string as it was."""

import json
import re
from pathlib import Path
from typing import Any

from stackwright.model.base import Secret
from stackwright.model.plan import Component, Endpoint, Environment, JobsPlan, Plan, Wire
from stackwright.render import render
from stackwright.render.root import main_tf

HOSTILE = (
    'a"b\\c ${file("/etc/passwd")} $${x} %{if true} %%{y} \n JSON\n\tÄ e\u0301 \u2028 \U0001f600 \x00 \x7f '
    "$(touch x) {{ secrets.x }}"
)


def component(name: str, **more: Any) -> Component:
    """A small component with a process of its own."""
    values: dict[str, Any] = {
        "id": name,
        "tool": "tool",
        "version": "1",
        "target": "process",
        "kind": "service",
        "because": "the manifest says so",
        "environment": "tool-01",
        "spec": {"v": 1, "component": name, "env": {"X": "1"}},
    }
    return Component(**values | more)


def plan(*components: Component, wires: tuple[Wire, ...] = (), **more: Any) -> Plan:
    """A plan of them, with one environment for all and one for jobs."""
    keys = {c.environment for c in components} | {"jobs-02"}
    environments = tuple(Environment(key=key, python=">=3.11", prefix=f"/cache/{key}") for key in sorted(keys))
    values: dict[str, Any] = {
        "name": "demo",
        "id": "demo-123456",
        "workspace": "/w",
        "components": components,
        "wires": wires,
        "environments": environments,
        "secrets": (),
        "jobs": JobsPlan(environment="jobs-02", env={}),
    }
    return Plan(**values | more)


def wire(consumer: str, server: str) -> Wire:
    """A wire with a grant."""
    grant = {"v": 1, "name": f"{consumer}-db", "command": ["grant", [{"secret": f"{consumer}.db"}]]}
    named = {"need": "db", "endpoint": "sql", "interface": "postgres", "origin": "stack"}
    return Wire(consumer=consumer, server=server, grant=grant, **named)


def documents(text: str) -> list[Any]:
    """Every JSON document in the root, read the way Terraform reads a heredoc."""
    found = re.findall(r"<<-JSON\n(.*?)\n  JSON", text, re.DOTALL)
    return [json.loads(body.replace("$${", "${").replace("%%{", "%{")) for body in found]


def module(text: str, name: str) -> str:
    """The text of one module call."""
    return re.search(rf'^module "{name}" {{\n.*?^}}', text, re.DOTALL | re.MULTILINE)[0]


def test_wires_are_references() -> None:
    """A server comes first, then the grant with its generation, then the consumer; each waits for its environment."""
    text = main_tf(
        plan(
            component("database"),
            component("tracking", after=("grant:tracking.db",)),
            wires=(wire("tracking", "database"),),
        )
    )

    assert "generation = module.database.generation" in module(text, "grant--tracking__db")
    assert "module.grant--tracking__db.id," in module(text, "tracking")
    assert "module.environment--tool-01.id," in module(text, "tracking")
    assert "module.database" not in module(text, "tracking")


def test_environments_wait_for_nobody() -> None:
    """Installs start at once: no environment refers to anything, the jobs' neither."""
    text = main_tf(plan(component("database")))

    assert "module." not in module(text, "environment--tool-01")
    assert "module." not in module(text, "environment--jobs-02")


def test_a_library_is_its_environment() -> None:
    """A component without a spec has no process; who waits for it waits for its packages."""
    library = component("versioning", spec=None, kind="library", environment="lib-03")
    text = main_tf(plan(library, component("tracking", after=("versioning",))))

    assert '"versioning"' not in text
    assert "module.environment--lib-03.id," in module(text, "tracking")


def test_the_jobs_have_grants() -> None:
    """A grant whose consumer is the stack's jobs is made like any other."""
    text = main_tf(plan(component("database"), wires=(wire("jobs", "database"),)))

    assert 'wire       = "jobs.db"' in module(text, "grant--jobs__db")


def test_hostile_strings() -> None:
    """Whatever a string holds, it is in the document as it was, and starts no template and no new line of HCL."""
    hostile = component("database", spec={"component": "database", HOSTILE: [HOSTILE]}, because=HOSTILE)
    text = main_tf(plan(hostile))

    assert {"component": "database", HOSTILE: [HOSTILE]} in documents(text)
    code = [line for line in text.splitlines() if not line.startswith("# ")]
    assert not [line for line in code if "${" in line or "%{" in line or not line.isascii()]


def test_outputs_without_secrets() -> None:
    """Endpoints are outputs, but no field that has a secret in it."""
    fields = {"host": "127.0.0.1", "port": 5, "url": ("postgres://", Secret(secret="database.password"), "@h")}
    text = main_tf(plan(component("database", endpoints={"sql": Endpoint(interface="postgres", fields=fields)})))

    assert {"sql": {"interface": "postgres", "host": "127.0.0.1", "port": 5}} in documents(text)


def test_same_plan_same_bytes(tmp_path: Path) -> None:
    """Rendering again changes nothing on disk, not even a file's time; a changed plan changes only main.tf."""
    first = plan(component("database"), wires=(wire("jobs", "database"),))
    assert render(first, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    assert not render(first, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before

    assert render(plan(component("database", spec={"v": 2}), wires=(wire("jobs", "database"),)), tmp_path)
    assert [p.name for p, t in before.items() if p.stat().st_mtime_ns != t] == ["main.tf"]


def test_only_modules_in_use(tmp_path: Path) -> None:
    """The folder holds the modules that the root calls and no others."""
    render(plan(component("database"), wires=(wire("jobs", "database"),)), tmp_path)
    assert {p.name for p in (tmp_path / "modules").iterdir()} == {"environment", "process", "grant"}

    assert render(plan(component("database")), tmp_path)
    assert {p.name for p in (tmp_path / "modules").iterdir()} == {"environment", "process"}


def test_containers_are_started_from_images_on_a_network(tmp_path: Path) -> None:
    """A component with an image is a call of another module, which waits for the image and the network; processes
    beside it stay as they are."""
    image = Environment(
        key="db-04", python=">=3.11", prefix="/opt/stack/env", base="python:3.12-slim", system=("java",)
    )
    database = component("database", environment="db-04", target="docker", spec={"v": 1, "container": {}})
    made = plan(database, component("tracking", after=("database",)))
    made = made.model_copy(update={"environments": (*(e for e in made.environments if e.key != "db-04"), image)})
    text = main_tf(made)

    assert 'source    = "./modules/container"' in module(text, "database")
    assert "image     = module.image--db-04.image" in module(text, "database")
    assert "module.network.id," in module(text, "database") and "module.image--db-04.id," in module(text, "database")
    assert 'base   = "python:3.12-slim"' in module(text, "image--db-04")
    assert 'stack  = "demo-123456"' in module(text, "network")
    assert 'source    = "./modules/process"' in module(text, "tracking") and "network" not in module(text, "tracking")
    assert [one["system"] for one in documents(text) if one.get("key") == "db-04"] == [["java"]]
    assert "environment--db-04" not in text

    render(made, tmp_path)
    names = {p.name for p in (tmp_path / "modules").iterdir()}
    assert names == {"environment", "process", "container", "image", "network"}
    assert render(plan(component("database")), tmp_path)
    assert {p.name for p in (tmp_path / "modules").iterdir()} == {"environment", "process"}


def test_private(tmp_path: Path) -> None:
    """Nobody else can read the root: a spec tells what a stack is made of."""
    render(plan(component("database")), tmp_path / "t")

    assert all(p.stat().st_mode & 0o077 == 0 for p in [tmp_path / "t", *(tmp_path / "t").rglob("*.tf")])
