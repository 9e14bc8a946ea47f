"""What the chart of a component is told: everything but secrets, and every text as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackwright.folders import shipped
from stackwright.model.cluster import Cluster
from stackwright.model.plan import Component, Environment, JobsPlan, Plan
from stackwright.render import render
from stackwright.render.hcl import yaml_document
from stackwright.render.release import values
from stackwright.render.root import main_tf

CHART = Path("modules", "charts", "service")
HOSTILE = 'a"b\\c ${x} %{y} $(z) \n\t\u00c4 e\u0301 \u2028 \U0001f600 \x7f \\ud83d\\ude00 {{ .Values.image }}'
READY = {"http": "http://127.0.0.1:80/health", "timeout": 60.0}
SPEC: dict[str, Any] = {
    "v": 1,
    "component": "labeling.store",
    "environment": {"key": "tool-01", "prefix": "/opt/stack/env"},
    "path": ["/opt/stack/env/x"],
    "folder": "/stack",
    "env": {"PLAIN": HOSTILE, "PASSWORD": ["x:", {"secret": "labeling.store.admin"}]},
    "processes": [
        {"name": "web", "command": ["web", HOSTILE], "env": {}, "after": [], "ready": READY, "limits": {"gpu": 2}},
        {
            "name": "worker.0",
            "command": ["work"],
            "env": {"TOKEN": [{"secret": "labeling.store.token"}]},
            "after": ["web"],
            "ready": None,
            "limits": {"cpu": 0.5, "memory": "1Gi"},
        },
    ],
    "ready": {"command": ["true"], "timeout": 30.0},
    "stop": {"signal": "INT", "timeout": 10.5},
    "ports": {"web_ui": 80, "a_name_that_is_long": 81, "inner": 82},
    "pod": {
        "namespace": "demo-123456",
        "name": "labeling-store",
        "labels": {"stackwright.stack": "demo-123456", "stackwright.component": "labeling.store"},
        "publish": {"80": 20001, "81": 20002},
        "storage": "8Gi",
        "storage_class": None,
        "folders": [{"from": "/here/policy", "to": "/opt/stack/folders/policy"}],
        "jobs": ["/w/jobs"],
    },
}


def component(spec: dict[str, Any] = SPEC) -> Component:
    """The component of a spec."""
    return Component(
        id=spec["component"], tool="tool", version="1+x", target="kubernetes", kind="service", because="it is",
        environment="tool-01", spec=spec,
    )  # fmt: skip


def planned(spec: dict[str, Any] = SPEC) -> Plan:
    """A stack of that component."""
    images = Environment(key="tool-01", python=">=3.11", prefix="/opt/stack/env", base="python:3.11-slim")
    return Plan(
        name="demo", id="demo-123456", workspace="/w", cluster=Cluster(load="kind"), components=(component(spec),),
        wires=(), environments=(images,), secrets=(), jobs=JobsPlan(environment="tool-01", env={}),
    )  # fmt: skip


def told(spec: dict[str, Any] = SPEC) -> dict[str, Any]:
    """The values."""
    return values(component(spec), "demo-123456", "digest")


def test_secrets_are_named_and_not_told() -> None:
    """A variable with a secret in it is a key of the component's Secret; the others are there as they are."""
    found = told()
    assert found["secretEnv"] == {"PASSWORD": "env.PASSWORD"} and found["env"]["PLAIN"] == HOSTILE
    assert found["processes"][1]["secretEnv"] == {"TOKEN": "worker.0.TOKEN"}
    assert "admin" not in json.dumps(found) and '"secret"' not in json.dumps(found)


@pytest.mark.parametrize("part", ["command", "ready"])
def test_a_secret_in_a_command_is_refused(part: str) -> None:
    """Who may read the pod could read it; no recipe that passes `stack catalog check` has one."""
    secret = ["x", [{"secret": "labeling.store.admin"}]]
    first = {**SPEC["processes"][0], part: secret if part == "command" else {"command": secret, "timeout": 1.0}}
    with pytest.raises(ValueError, match="secret"):
        told({**SPEC, "processes": [first]})


def test_processes_wait_are_asked_and_are_stopped() -> None:
    """Each knows the questions of those that it comes after; the last one answers for the component."""
    web, worker = told()["processes"]
    assert (web["name"], worker["name"]) == ("web", "worker-0")
    start = ["/opt/stack/env/bin/python", "-I", "-S", "/opt/stack/own/inside.py", "run"]
    assert worker["command"][:5] == start and worker["command"][6:] == ["--", "work"]
    assert json.loads(worker["command"][5]) == {
        "process": "worker.0", "after": [READY], "signal": "INT", "timeout": 10.5
    }  # fmt: skip
    assert json.loads(web["probe"]["command"][-1]) == READY and web["probe"]["timeout"] == 60.0
    assert (web["probe"]["period"], worker["probe"]["period"]) == (2, 10)
    assert json.loads(worker["probe"]["command"][-1]) == SPEC["ready"]
    assert told()["grace"] == 16


def test_what_a_recipe_wants() -> None:
    """Memory as it is, a tenth of the cores, devices whole."""
    web, worker = told()["processes"]
    assert (web["requests"], web["gpu"]) == ({}, 2)
    assert (worker["requests"], worker["gpu"]) == ({"cpu": "50m", "memory": "1Gi"}, 0)


def test_ports_and_folders() -> None:
    """Ports that others ask, by names that a port can have; a folder for all that has to be brought there."""
    found = told()
    assert found["ports"] == [{"name": "web-ui", "port": 80}, {"name": "port-81", "port": 81}]
    assert found["folders"] == ["/opt/stack/entry", "/opt/stack/folders", "/w/jobs"]
    assert found["storage"] == {"size": "8Gi", "class": None}
    assert told({**SPEC, "pod": {**SPEC["pod"], "storage": None}})["storage"] is None


def test_the_chart_knows_every_value() -> None:
    """The schema allows what is told, describes each of it, and nothing is told that it does not know."""
    import jsonschema

    schema = json.loads((shipped() / CHART / "values.schema.json").read_text())
    found = told() | {"image": "x", "secret": {"name": "labeling-store", "version": "1"}}
    jsonschema.validate(found, schema)
    assert found.keys() == schema["properties"].keys() - {"global"}
    assert all(value.get("description") for value in schema["properties"].values())
    for wrong in ({"unknown": 1}, {"image": ""}, {"grace": "10"}, {"processes": []}, {"labels": {"a": "b c"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(found | wrong, schema)


def test_values_arrive_byte_for_byte() -> None:
    """As Helm reads them, which is YAML: halves of a character would be refused there."""
    text = yaml_document({"text": HOSTILE, "list": [HOSTILE, 1, None, True]})
    assert text.isascii() and "${" not in text and "%{" not in text
    assert yaml.safe_load(text) == {"text": HOSTILE, "list": [HOSTILE, 1, None, True]}
    assert "\\ud83d" not in text.replace("\\\\ud83d", "") and "\\U0001f600" in text


def test_the_root_of_a_stack_in_a_cluster(tmp_path: Path) -> None:
    """Namespace, image, its delivery, the release; the provider's block is empty; the chart lies beside the modules."""
    assert render(planned(), tmp_path)
    text = (tmp_path / "main.tf").read_text()
    assert 'provider "helm" {}' in text and 'source = "hashicorp/helm"' in text
    assert "local   = module.image--tool-01.image" in text
    assert re.search(r'module "labeling__store" \{\n  source    = "./modules/helm-release"', text)
    assert "image     = module.delivery--tool-01.image" in text and "module.namespace.id," in text
    (cluster,) = set(re.findall(r"cluster = <<-JSON\n\s*(.*?)\n", text))
    assert json.loads(cluster) == {"v": 1, "provider": "existing", "context": None, "registry": None, "load": "kind"}
    chart = tmp_path / CHART
    assert (chart / "Chart.yaml").is_file() and (chart / "templates" / "_pod.tpl").is_file()
    (chart / "templates" / "old.yaml").write_text("what an earlier version had")
    assert render(planned(), tmp_path) and not (chart / "templates" / "old.yaml").exists()
    assert not render(planned(), tmp_path)
    alone = planned().model_copy(update={"components": ()})
    assert render(alone, tmp_path) and not chart.exists() and not (tmp_path / "modules" / "helm-release").exists()
    assert "helm" not in (tmp_path / "main.tf").read_text()


def test_secrets_of_pods_are_segments_in_the_root_too() -> None:
    """What the provider gets of them are their names."""
    text = main_tf(planned())
    assert text.count('{"secret": "labeling.store.admin"}') == 1  # in the spec, and nowhere else
