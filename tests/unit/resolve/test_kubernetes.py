"""The same recipes in a cluster: what a pod is told beside what every container is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from stackwright.model.deployer import CONTAINED
from stackwright.model.plan import Plan
from stackwright.resolve.assign import LONGEST_HOST, hosts

ON = {"target": "kubernetes"}
HERE = ("/w/", "/state", "/cache")


def planned(kit: Any, layers: dict[str, Any], tools: dict[str, Any], **more: Any) -> Plan:
    """The plan of a stack in a cluster; what runs on this machine says it."""
    made: Plan = kit.plan(layers, tools, more={"target": "kubernetes", **more})
    return made


def pod(plan: Plan, component: str) -> dict[str, Any]:
    """What is said of a component's pod."""
    return dict((plan.component(component).spec or {})["pod"])


def test_what_a_pod_is_told(kit: Any) -> None:
    """Its namespace, names, labels, ports, and the volume of who gives shares."""
    tools = {"app": kit.needing("serving"), "db": kit.db()}
    cluster = {"load": "containerd", "storage": "16Gi", "storage_class": "fast"}
    plan = planned(kit, {"serving": "app", "database": "db"}, tools, cluster=cluster)
    here = plan.component("database").ports["sql"]
    assert pod(plan, "database") == {
        "namespace": "it-0a1b2c",
        "name": "database",
        "labels": {"stackwright.stack": "it-0a1b2c", "stackwright.component": "database"},
        "publish": {"1000": here},
        "storage": "16Gi",
        "storage_class": "fast",
        "folders": [],
        "jobs": [],
    }
    assert pod(plan, "serving")["storage"] is None  # it keeps nothing
    spec = dict(plan.component("serving").spec or {})
    spec.pop("entry")
    assert not [word for word in HERE if word in json.dumps(spec)] and "container" not in spec
    assert plan.cluster is not None and plan.cluster.load == "containerd"


def test_who_speaks_of_a_data_folder_keeps_data(kit: Any) -> None:
    """Wherever in its recipe it does."""
    for recipe in ({"env": {"HOME": "{{ data_dir }}/x"}}, {"prepare": [{"command": ["x", "{{ data_dir }}"]}]}):
        plan = planned(kit, {"serving": "app"}, {"app": kit.entry("serving", recipe=recipe)})
        assert pod(plan, "serving")["storage"] == "8Gi"


def test_a_wire_is_seen_from_both_of_its_sides(kit: Any) -> None:
    """A pod gets the Service's name and the recipe's own port; probes and jobs the forwarder's."""
    tools = {"app": kit.needing("serving"), "db": kit.db()}
    tools["app"]["recipe"]["env"] = {"URL": "{{ needs.store.url }}", "HOST": "{{ needs.store.host }}"}
    plan = planned(kit, {"serving": "app", "database": "db"}, tools)
    env = (plan.component("serving").spec or {})["env"]
    assert env["HOST"] == "database" and {"secret": "serving.store"} in env["URL"]
    wire = next(wire for wire in plan.wires if wire.id == "serving.store")
    assert wire.fields["host"] == "127.0.0.1" and (wire.grant or {})["place"] == "kubernetes"
    assert plan.component("database").endpoints["sql"].fields["port"] == plan.component("database").ports["sql"]


def test_pods_do_not_reach_this_machine(kit: Any) -> None:
    """A need of one server is refused with the reason; one that takes everybody does without, and a note says so."""
    tools = {"app": kit.needing("serving"), "all": kit.needing("monitoring", many=True), "db": kit.db()}
    database = {"tool": "db", "target": "process"}
    _, found = kit.answer({"serving": "app", "database": database}, tools, more=ON)
    assert [one.code for one in found] == ["R014"] and "a pod does not reach" in found[0].detail
    plan = planned(kit, {"monitoring": "all", "database": database}, tools)
    assert [note.component for note in plan.notes if "does without `database`" in note.text] == ["monitoring"]


def test_containers_reach_pods_over_a_relay(kit: Any) -> None:
    """The forwarder listens on this machine's loopback, which a container's relay brings inside."""
    tools = {"app": kit.needing("serving"), "db": kit.db()}
    plan = planned(kit, {"serving": {"tool": "app", "target": "docker"}, "database": "db"}, tools)
    container = (plan.component("serving").spec or {})["container"]
    assert container["relay"] == [plan.component("database").ports["sql"]]


def test_a_library_stays_on_this_machine(kit: Any) -> None:
    """Jobs import it, and reach the cluster from here."""
    need = {"store": {"interface": "sql", "about": "Rows."}}
    library = kit.entry("data-versioning", kind="library", needs=need, recipe={"env": {"URL": "{{ needs.store.url }}"}})
    tools = {"lib": library, "db": kit.db()}
    plan = planned(kit, {"data-versioning": "lib", "database": "db"}, tools)
    assert plan.component("data-versioning").target == "process"
    assert next(wire for wire in plan.wires if wire.consumer == "data-versioning").fields["host"] == "127.0.0.1"


def test_who_runs_jobs_has_their_folders(kit: Any) -> None:
    """Under the names that they have here; the stack as its jobs see it is the view from inside."""
    tools = {"runner": kit.entry("experiment-pipelines"), "db": kit.db()}
    plan = planned(kit, {"experiment-pipelines": "runner", "database": "db"}, tools)
    folders = pod(plan, "experiment-pipelines")["jobs"]
    assert folders[-1] == "/w/.stack/it/jobs" and any(Path(one).name == "smoke_tests" for one in folders)
    inside = plan.jobs.inside
    assert inside is not None
    assert inside.env["STACK_DATABASE_HOST"] == "database" and inside.env["STACK_DATABASE_PORT"] == "1000"
    assert plan.jobs.env["STACK_DATABASE_HOST"] == "127.0.0.1"


def test_jobs_are_run_in_one_place(kit: Any) -> None:
    """Orchestrators in containers here and in the cluster would see two different stacks."""
    tools = {"one": kit.entry("data-pipelines"), "two": kit.entry("experiment-pipelines")}
    layers = {"data-pipelines": {"tool": "one", "target": "docker"}, "experiment-pipelines": "two"}
    _, found = kit.answer(layers, tools, more=ON)
    assert [one.code for one in found] == ["R030"]
    assert all(target in found[0].detail for target in CONTAINED)


def test_a_users_folder_is_carried_there(kit: Any) -> None:
    """It is found where every container finds it."""
    setting = {"policy": {"type": "folder", "about": "Rules."}}
    app = kit.entry("serving", recipe={"env": {"POLICY": "{{ settings.policy }}"}}, settings=setting)
    (kit.folder / "mine").mkdir()
    plan = planned(kit, {"serving": {"tool": "app", "settings": {"policy": "mine"}}}, {"app": app})
    there = "/opt/stack/folders/policy"
    assert pod(plan, "serving")["folders"] == [{"from": str(kit.folder / "mine"), "to": there}]
    assert (plan.component("serving").spec or {})["env"]["POLICY"] == there


def test_images_are_those_of_docker(kit: Any) -> None:
    """An image knows nothing of where it runs."""
    tools = {"app": kit.entry("serving", recipe={"install": {"packages": ["x==1"]}})}
    keys = [
        {one.key for one in kit.plan({"serving": {"tool": "app", "target": target}}, tools).environments if one.base}
        for target in CONTAINED
    ]
    assert keys[0] == keys[1] != set()


def test_a_cluster_that_nobody_is_on(kit: Any) -> None:
    """A manifest may keep the section while its stack runs elsewhere."""
    assert kit.plan({"database": "db"}, {"db": kit.db()}, more={"cluster": {"load": "kind"}}).cluster is None


def test_clouds_need_a_registry(kit: Any) -> None:
    """Nothing can be put into machines that come and go."""
    more = {**ON, "cluster": {"provider": "aws-eks"}}
    _, found = kit.answer({"database": "db"}, {"db": kit.db()}, more=more)
    assert [one.code for one in found] == ["R029"] and "registry" in found[0].hint


def test_names_of_hosts_are_names_in_a_cluster() -> None:
    """Short enough for Helm and for labels, of the letters that DNS has, and never the same for two."""
    components = ["a", "labeling.backend_store", "labeling.backend-store", "database:redis", f"x.{'y' * 80}"]
    components += [f"x.{'y' * 80}z", "a_b", "a.b"]
    names = hosts(components)
    assert names["a"] == "a" and names["database:redis"] == "database--redis"
    assert len(set(names.values())) == len(components)
    assert all(re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) for name in names.values())
    assert max(map(len, names.values())) <= LONGEST_HOST
