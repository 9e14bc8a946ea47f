"""The same recipes in containers: every place inside is fixed, and every viewer has an address of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from stackwright.catalog.load import Catalog
from stackwright.manifest.load import load_manifest
from stackwright.model.base import Secret
from stackwright.model.deployer import CONTAINED
from stackwright.model.plan import Plan
from stackwright.resolve import resolve
from stackwright.resolve.images import base_image, minor_of

TINY = Path(__file__).parents[1] / "tiny_catalog"
LAYERS = """\
layers:
  serving: {tool: tinyapp, settings: {workers: 2}}
  database: tinydb
  data-versioning: tinylib
"""


def planned(kit: Any, head: str = "target: docker\n", layers: str = LAYERS) -> Plan:
    """The plan of a manifest over the tiny catalog."""
    file = kit.folder / "stack.yaml"
    file.write_text(f"name: it\n{head}{layers}")
    catalog = Catalog((TINY,))
    manifest, wrong = load_manifest(file, catalog)
    assert wrong == [] and manifest is not None
    plan, found = resolve(manifest, catalog, kit.identity)
    assert found == [] and plan is not None
    return plan


def test_everything_a_container_knows_is_inside(kit: Any) -> None:
    """No path of this machine is in a container's spec but where its entry is copied from."""
    plan = planned(kit)
    for name in ("serving", "database"):
        spec = dict(plan.component(name).spec or {})
        entry = spec.pop("entry")
        assert entry == {"from": str(TINY / plan.component(name).tool), "to": "/opt/stack/entry"}
        assert spec["folder"] == "/stack" and spec["environment"]["prefix"] == "/opt/stack/env"
        assert not [word for word in (str(TINY), "/w/", "/cache", "/state") if word in json.dumps(spec)]
        assert plan.component(name).files == {}  # nothing of it is written on this machine


def test_what_the_engine_is_told(kit: Any) -> None:
    """Names by the stack's id, the recipe's own ports published as those of this machine, no privileges."""
    component = planned(kit).component("serving")
    spec = component.spec or {}
    assert spec["ports"] == {"web": 8000}
    assert spec["container"] == {
        "name": "it-0a1b2c-serving",
        "network": "it-0a1b2c",
        "alias": "serving",
        "volume": "it-0a1b2c-serving",
        "user": "10001:10001",
        "publish": {"8000": component.ports["web"]},
        "mounts": [],
        "relay": [],
    }
    assert [(one["name"], one["limits"]) for one in spec["processes"]] == [
        ("web", {"cpu": 0.1, "memory": "32Mi"}),
        ("worker.0", {"cpu": 0.1, "memory": "32Mi"}),
        ("worker.1", {"cpu": 0.1, "memory": "32Mi"}),
    ]


def test_servers_listen_to_the_outside_and_ask_themselves_inside(kit: Any) -> None:
    """Bound on every interface, asked whether they are ready on their own loopback."""
    plan = planned(kit)
    database, serving = plan.component("database").spec or {}, plan.component("serving").spec or {}
    config = json.loads("".join(s if isinstance(s, str) else "*" for s in database["files"][0]["content"]))
    assert (config["host"], config["port"], config["data"]) == ("0.0.0.0", 5400, "/stack/data")
    assert database["ready"]["http"] == "http://127.0.0.1:5400/health"
    assert serving["ready"]["http"] == serving["processes"][0]["ready"]["http"] == "http://127.0.0.1:8000/health"


def given(plan: Plan, wire: str) -> dict[str, Any]:
    """What a wire's consumer is given, as it looks from this machine."""
    return next(dict(one.fields) for one in plan.wires if one.id == wire)


def test_a_wire_is_seen_from_both_of_its_sides(kit: Any) -> None:
    """A container gets the server's name; probes and jobs, with the same share, the published port."""
    plan = planned(kit)
    port = plan.component("database").ports["sql"]
    inside = json.dumps((plan.component("serving").spec or {})["env"])
    assert "@database:5400/" in inside and "127.0.0.1" not in inside
    fields = given(plan, "serving.store")
    assert (fields["host"], fields["port"], fields["username"]) == ("127.0.0.1", port, "serving-store")
    assert fields["password"] == (Secret(secret="serving.store"),)
    assert plan.component("database").endpoints["sql"].fields["port"] == port


def test_a_grant_is_executed_in_the_servers_container(kit: Any) -> None:
    """By the server's own places and addresses."""
    (wire,) = [wire for wire in planned(kit).wires if wire.id == "serving.store"]
    grant = wire.grant or {}
    assert (grant["place"], grant["folder"]) == ("docker", "/stack")
    assert grant["command"] == ["python", "-I", "/opt/stack/entry/tinydb.py", "grant", "0.0.0.0", "5400"]
    assert "place" not in (planned(kit, "").wires[0].grant or {})


def test_a_library_stays_on_this_machine(kit: Any) -> None:
    """Nothing of it runs: it is installed where jobs are, and sees servers as they do."""
    library = planned(kit).component("data-versioning")
    assert (library.target, library.spec, library.spoken_in) == ("process", None, None)
    assert "127.0.0.1" in str(library.env["TINYLIB_INDEX"]) and "/w/" in str(library.env["TINYLIB_HOME"])


def test_images_and_environments(kit: Any) -> None:
    """An image for each that runs in one, by its base; on this machine only what jobs and verbs need."""
    plan = planned(kit, "target: docker\ndocker: {base: mirror/python:3.12-slim}\n")
    images = {one.key: one for one in plan.environments if one.base}
    assert {component.id for component in plan.components if component.environment in images} == {"serving", "database"}
    assert {one.base for one in images.values()} == {"mirror/python:3.12-slim"}
    assert {one.prefix for one in images.values()} == {"/opt/stack/env"}
    other = planned(kit)
    assert {one.key for one in other.environments if one.base}.isdisjoint(images)  # another base is another image
    assert all({"base", "system"} <= one.spec.keys() for one in images.values())
    assert not [one for one in plan.environments if not one.base and {"base", "system"} & one.spec.keys()]


def test_processes_reach_containers(kit: Any) -> None:
    """One word moves the server; its consumer stays, and finds it at the published port."""
    plan = planned(kit, "", LAYERS.replace("database: tinydb", "database: {tool: tinydb, target: docker}"))
    port = plan.component("database").ports["sql"]
    assert f"@127.0.0.1:{port}/" in json.dumps((plan.component("serving").spec or {})["env"])
    assert "container" not in (plan.component("serving").spec or {})


def test_containers_reach_processes_over_a_relay(kit: Any) -> None:
    """What a container dials on this machine is in its spec, and nothing else; the address is as for everybody."""
    tools = {"app": kit.needing("serving"), "db": kit.db(), "idle": kit.entry("alerting", provides={"web": "web"})}
    layers = {"serving": {"tool": "app", "target": "docker"}, "database": "db", "alerting": "idle"}
    plan = kit.plan(layers, tools)
    component, port = plan.component("serving"), plan.component("database").ports["sql"]
    assert (component.spec or {})["container"]["relay"] == [port]
    assert given(plan, "serving.store")["host"] == "127.0.0.1"
    inside = kit.plan(layers | {"database": {"tool": "db", "target": "docker"}}, tools).component("serving").spec or {}
    assert inside["container"]["relay"] == []
    runner = {"experiment-pipelines": {"tool": "runner", "target": "docker"}}
    plan = kit.plan(runner | {"database": "db"}, {"runner": kit.entry("experiment-pipelines"), "db": kit.db()})
    relayed = (plan.component("experiment-pipelines").spec or {})["container"]["relay"]
    assert relayed == [plan.component("database").ports["sql"]]  # its jobs may dial everybody
    assert plan.jobs.inside is not None and plan.jobs.inside.env["STACK_DATABASE_HOST"] == "127.0.0.1"


def test_this_machines_loopback_is_refused(kit: Any) -> None:
    """A server of the user's own on `localhost` is reached by processes, and by no container."""
    endpoint = {"interface": "sql", "host": "localhost", "port": 5432, "user": "me", "password": {"env": "PW"}}
    layers = {"serving": {"tool": "app", "target": "docker"}, "database": {"target": "external", "endpoint": endpoint}}
    _, found = kit.answer(layers, {"app": kit.needing("serving"), "db": kit.db()})
    assert [one.code for one in found] == ["R014"]
    assert "`localhost` is the container" in found[0].detail and "other machines" in found[0].hint
    many = kit.needing("monitoring", many=True)
    layers["monitoring"] = {"tool": "all", "target": "docker"}
    plan = kit.plan({"monitoring": layers["monitoring"], "database": layers["database"]}, {"all": many, "db": kit.db()})
    assert [wire.consumer for wire in plan.wires] == [
        "jobs"
    ]  # what takes everybody that it can does without, and says so
    assert [note.component for note in plan.notes if "does without `database`" in note.text] == ["monitoring"]
    del layers["monitoring"]
    endpoint["host"] = "db.example.org"
    plan = kit.plan(layers, {"app": kit.needing("serving"), "db": kit.db()})
    assert given(plan, "serving.store")["host"] == "db.example.org"


def test_only_what_somebody_asks_is_published(kit: Any) -> None:
    """An internal endpoint is bound on loopback and not published, unless another endpoint tells of it."""
    endpoints = {
        "web": {"port": 80, "fields": {"page": "http://{{ endpoints.ui.host }}:{{ endpoints.ui.port }}"}},
        "ui": {"port": 81, "internal": True},
        "gossip": {"port": 82, "internal": True},
    }
    command = ["run", *(f"{{{{ listen.{name}.host }}}}:{{{{ listen.{name}.port }}}}" for name in endpoints)]
    web = {"about": "A page.", "fields": {"page": {}}}
    app = kit.entry("serving", provides={"web": "web"}, recipe={"endpoints": endpoints, "command": command})
    component = kit.plan({"serving": {"tool": "app", "target": "docker"}}, {"app": app}, {"web": web}).component(
        "serving"
    )
    spec = component.spec or {}
    assert spec["processes"][0]["command"] == ["run", "0.0.0.0:80", "0.0.0.0:81", "127.0.0.1:82"]
    assert set(spec["container"]["publish"]) == {"80", "81"} and set(component.ports) == {"web", "ui"}
    assert component.endpoints["web"].fields["page"] == f"http://127.0.0.1:{component.ports['ui']}"


def test_a_users_folder_is_mounted(kit: Any) -> None:
    """The entry's own folders come with the entry; a user's has a place of its own inside."""
    setting = {"policy": {"type": "folder", "default": "policy", "about": "Rules."}}
    app = kit.entry("serving", settings=setting, recipe={"command": ["run", "{{ settings.policy }}"]})
    chosen = {"tool": "app", "target": "docker"}
    spec = kit.plan({"serving": chosen}, {"app": app}).component("serving").spec
    assert (spec["processes"][0]["command"][1], spec["container"]["mounts"]) == ("/opt/stack/entry/policy", [])
    (kit.folder / "mine").mkdir()
    spec = kit.plan({"serving": {**chosen, "settings": {"policy": "mine"}}}, {"app": app}).component("serving").spec
    assert spec["processes"][0]["command"][1] == "/opt/stack/folders/policy"
    assert spec["container"]["mounts"] == [{"from": str(kit.folder / "mine"), "to": "/opt/stack/folders/policy"}]


def test_a_name_that_hosts_can_have(kit: Any) -> None:
    """`serving.my_store` is no host's name; containers know it by one that is."""
    app = kit.entry("serving", needs={"my_store": {"interface": "sql", "about": "Rows."}})
    plan = kit.plan({"serving": {"tool": "app", "target": "docker"}}, {"app": app, "db": kit.db()})
    spec = plan.component("serving.my_store").spec
    assert (spec["container"]["name"], spec["container"]["alias"]) == (
        "it-0a1b2c-serving__my_store",
        "serving-my-store",
    )


def test_a_recipe_may_say_no(kit: Any) -> None:
    """What does not run in containers is refused with the recipe's own reason, and where it does run."""
    app = kit.entry("serving", recipe={"not_on": dict.fromkeys(CONTAINED, "It watches this machine.")})
    for target in CONTAINED:
        _, found = kit.answer({"serving": {"tool": "app", "target": target}}, {"app": app})
        assert [one.code for one in found] == ["R003"]
        assert found[0].detail.endswith("it runs on `process`. It watches this machine.")


def test_programs_of_this_machine_are_the_images(kit: Any) -> None:
    """What a tool calls is looked for in its image, and not here."""
    app = kit.entry("serving", recipe={"install": {"system": ["java"]}})
    plan = kit.plan({"serving": {"tool": "app", "target": "docker"}}, {"app": app})
    assert [one.system for one in plan.environments if one.base] == [("java",)]
    assert plan.component("serving").system == () and (plan.component("serving").spec or {})["path"] == []


def test_jobs_have_the_python_of_what_unpickles_their_objects(kit: Any) -> None:
    """Where a container shares the jobs' environment, both have one Python; else jobs keep their range."""
    app = kit.entry("serving", recipe={"install": {"with": "jobs", "packages": ["x==1"]}})
    inside = {"serving": {"tool": "app", "target": "docker"}}
    plan = kit.plan(inside, {"app": app})
    minor = sys.version_info.minor
    assert {one.python for one in plan.environments} == {f">=3.{minor},<3.{minor + 1}"}
    assert [one.base for one in plan.environments if one.base] == [f"python:3.{minor}-slim"]
    given = kit.plan(inside, {"app": app}, more={"docker": {"base": "python:3.12-slim"}})
    assert {one.python for one in given.environments} == {">=3.12,<3.13"}
    _, found = kit.answer(inside, {"app": app}, more={"docker": {"base": "python:3.10-slim"}})
    assert {one.code for one in found} == {"R019", "R028"}


def test_a_base_that_no_tool_runs_on(kit: Any) -> None:
    """Its Python is told by its name, and one that does not fit is refused before anything is installed."""
    app = kit.entry("serving", recipe={"install": {"python": ">=3.11,<3.12"}})
    inside = {"serving": {"tool": "app", "target": "docker"}}
    _, found = kit.answer(inside, {"app": app}, more={"docker": {"base": "python:3.13-slim"}})
    assert [(one.code, one.where.line) for one in found] == [("R028", 3)]
    assert kit.plan(inside, {"app": app}, more={"docker": {"base": "corporate/base:7"}})


@pytest.mark.parametrize(
    ("given", "minors", "likely", "base"),
    [
        (None, {11, 12, 13}, 12, "python:3.12-slim"),
        (None, {11, 12, 13}, None, "python:3.13-slim"),
        (None, {11, 12, 13}, 14, "python:3.13-slim"),
        ("x/y:1", {11}, 12, "x/y:1"),
    ],
)
def test_which_base(given: str | None, minors: set[int], likely: int | None, base: str) -> None:
    """The user's; else the Python that is likely to work, where it fits; else the newest that does."""
    assert base_image(given, minors.__contains__, likely) == base


@pytest.mark.parametrize(
    ("base", "minor"),
    [
        ("python:3.12-slim", 12),
        ("mirror.example:5000/library/python:3.11", 11),
        ("python:3.12.4-bookworm", 12),
        ("python:3.12@sha256:" + "0" * 64, 12),
        ("python:latest", None),
        ("debian:12", None),
        ("mypython:3.12", None),
    ],
)
def test_what_a_base_tells(base: str, minor: int | None) -> None:
    """Official images, and copies of them, say which Python they have."""
    assert minor_of(base) == minor


def test_jobs_that_a_container_runs(kit: Any) -> None:
    """It has the jobs' environment below its own, the folders that jobs name, and its files are the user's."""
    runner, db = kit.entry("experiment-pipelines"), kit.db()
    inside = {"experiment-pipelines": {"tool": "runner", "target": "docker"}}
    plan = kit.plan(
        {**inside, "database": {"tool": "db", "target": "docker"}}, {"runner": runner, "db": db}, user="7:8"
    )
    spec = plan.component("experiment-pipelines").spec or {}
    images = {one.key: one for one in plan.environments if one.base}
    own = images[spec["environment"]["key"]]
    below = images[str(own.on)]
    assert (own.prefix, below.prefix, own.base) == ("/opt/stack/env", "/opt/stack/jobs", below.base)
    assert below.packages == ("sqlclient==1.0",) and "on" not in own.spec
    assert spec["container"]["user"] == "7:8"
    assert (plan.component("database").spec or {})["container"]["user"] == "10001:10001"
    mounts = spec["container"]["mounts"]
    assert all(one["from"] == one["to"] for one in mounts)
    assert [one["to"] for one in mounts if one.get("write")] == ["/w/.stack/it/jobs"]
    assert (plan.component("database").spec or {})["container"]["mounts"] == []


def test_what_those_jobs_see(kit: Any) -> None:
    """Servers by their names, with the jobs' own shares; what containers do not reach is left out, and said."""
    runner, db = kit.entry("experiment-pipelines"), kit.db()
    layers = {
        "experiment-pipelines": {"tool": "runner", "target": "docker"},
        "database": {"tool": "db", "target": "docker"},
    }
    jobs = kit.plan(layers, {"runner": runner, "db": db}).jobs
    assert jobs.inside is not None and jobs.inside.prefix == "/opt/stack/jobs"
    inside, outside = jobs.inside.env, jobs.env
    assert inside.keys() == outside.keys()
    assert (inside["STACK_DATABASE_HOST"], outside["STACK_DATABASE_HOST"]) == ("database", "127.0.0.1")
    assert str(inside["SQL_URL"][-1]).endswith("@database") and inside["STACK_DATABASE_PORT"] == "1000"
    assert inside["STACK_DATABASE_PASSWORD"] == outside["STACK_DATABASE_PASSWORD"]
    assert jobs.inside.endpoints["database"]["sql"].fields["host"] == "database"
    fields = {"host": "localhost", "port": 5432, "user": "me", "password": {"env": "PW"}}
    elsewhere = {"target": "external", "endpoint": {"interface": "sql", **fields}}
    plan = kit.plan({**layers, "database": elsewhere}, {"runner": runner, "db": db})
    assert plan.jobs.inside is not None and plan.jobs.inside.env == {}
    assert "jobs that `experiment-pipelines` runs do without `database`" in " ".join(note.text for note in plan.notes)
    assert kit.plan({"experiment-pipelines": "runner"}, {"runner": runner}).jobs.inside is None
