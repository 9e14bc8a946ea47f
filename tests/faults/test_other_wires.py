"""The wires that the demo has not. Servers of their interfaces run in one stack; each way of breaking such a wire is
seen by the interface's probe, asked as `up` and `smoke` ask it, and told with the wire's name.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from typing import Any

import pytest

import tampered
from demostack import site_of
from livestack import Live, live, place
from stackwright.catalog.load import Catalog
from stackwright.folders import cache_dir
from stackwright.model.plan import Wire
from stackwright.model.report import WireCheck
from stackwright.runtime import process
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace
from stackwright.smoke.probe import probe_wires
from strangers import closed_port, strangers
from wirefaults import DATABASE, FAULTS, PASSWORD, PORT, REVOKED

pytestmark = [pytest.mark.live, pytest.mark.faults, pytest.mark.skipif(not process.LINUX, reason="as the demo's wires")]

GONE, STRANGER = "server gone", "another server"
SERVERS = {  # interface -> the layer and the tool that offers it
    "aim": ("experiment-tracking", "aim"),
    "alerta": ("alerting", "alerta"),
    "alertmanager": ("alerting", "alertmanager"),
    "alerts": ("alerting", "apprise"),
    "bentoml": ("serving", "bentoml"),
    "chroma": ("database", "chroma"),
    "dagster": ("data-pipelines", "dagster"),
    "doccano": ("labeling", "doccano"),
    "feast": ("feature-store", "feast"),
    "ipyparallel": ("compute-engine", "ipyparallel"),
    "jupyter": ("notebooks", "jupyter"),
    "keycloak": ("access-control", "keycloak"),
    "label-studio": ("labeling", "label-studio"),
    "litserve": ("serving", "litserve"),
    "luigi": ("data-pipelines", "luigi"),
    "mysql": ("database", "mariadb"),
    "mysql-audit": ("database", "mariadb"),
    "opa": ("access-control", "opa"),
    "prometheus": ("monitoring", "prometheus"),
    "pushgateway": ("monitoring", "prometheus"),
    "redis": ("database", "redis"),
    "spark": ("compute-engine", "apache-spark"),
    "tensorboard": ("experiment-tracking", "tensorboard"),
    "trackio": ("experiment-tracking", "trackio"),
}
# Built for minutes, or much to install: only where they are installed already.
LARGE = {"aim", "alertmanager", "chroma", "dagster", "doccano", "feast", "opa", "prometheus", "tensorboard"}
# Half a minute of CPU each until they answer: only where STACK_TEST_SLOW is set. The last test has their probes too.
SLOW = {"apache-spark", "keycloak", "label-studio"}
CASES = [(interface, fault) for interface in SERVERS for fault in (*FAULTS[interface], GONE)]


@cache
def absent(tool: str) -> str:
    """Why no server of this tool runs here, or nothing."""
    if tool in SLOW and not os.environ.get("STACK_TEST_SLOW"):
        return f"{tool} takes half a minute to start: set STACK_TEST_SLOW=1"
    if tool in LARGE and not any(cache_dir().glob(f"environments/{tool}-*/complete.json")):
        return f"{tool} is not installed here: `stack catalog prove {tool}` does that"
    return ""


def layers() -> dict[str, Any]:
    """All that run here, in one manifest."""
    chosen: dict[str, list[Any]] = {"database": ["postgres"]}
    for layer, tool in dict.fromkeys(SERVERS.values()):
        if not absent(tool):
            given = {"tool": tool, "needs": {"online_store": "database:redis"}} if tool == "feast" else tool
            chosen.setdefault(layer, []).append(given)
    return chosen


@pytest.fixture(scope="module")
def stack() -> Iterator[Live]:
    with place() as root, live(root, f"wires{os.getpid()}", layers()) as running:
        manifest = running.folder / "stack.yaml"
        jobs = {"packages": [f"grpcio=={version('grpcio')}"]}  # for Spark's probe, where no Spark brings it
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"jobs": jobs}))
        _, said = running.start("up", "--quiet").communicate(timeout=550)  # on a busy machine, and with the slow ones
        assert not said
        yield running


@pytest.fixture(scope="module")
def checks(stack: Live) -> dict[str, list[tuple[str, WireCheck]]]:
    """By what was done: the interface and the check of every wire."""
    site = site_of(stack)
    wires = [wire for wire in site.wires if wire.interface in SERVERS]

    def asked(fault: str, broken: list[Wire]) -> dict[str, list[tuple[str, WireCheck]]]:
        return {fault: list(zip((wire.interface for wire in broken), probe_wires(site, broken), strict=True))}

    found = asked("", wires)
    with strangers() as ports, ThreadPoolExecutor() as aside:
        astray = [to_stranger(interface, kind, port) for interface in SERVERS for kind, port in ports.items()]
        waiting = aside.submit(asked, STRANGER, astray)  # some are silent
        found |= asked(PORT, [with_wrong_port(wire) for wire in wires])
        found |= asked(PASSWORD, [with_wrong_secret(wire) for wire in wires if PASSWORD in FAULTS[wire.interface]])
        share = next(wire for wire in wires if wire.interface == "mysql")
        for fault, statement in ((DATABASE, "DROP DATABASE"), (REVOKED, "DROP USER")):
            administer(stack, f"{statement} `{site.fields(share.fields)['username']}`")
            found |= asked(fault, [share])
        KeeperClient(Workspace.open(stack.root)).stop_together([*stack.pids()])
        return found | asked(GONE, wires) | waiting.result()


def to_stranger(interface: str, kind: str, port: int) -> Wire:
    """Another server on this port; the fields are as if it were right, with credentials that are none."""
    fields: dict[str, Any] = {"host": "127.0.0.1", "port": port}
    for name, field in Catalog.shipped().interface(interface).fields.items():
        given = field.derive or field.default or ("x" * 32 if field.secret else port)
        fields[name] = re.sub(r"\{\{ (\w+) \}\}", lambda found: str(fields[found[1]]), str(given))
    return Wire(
        consumer=interface, need=re.sub(r"\W", "_", kind), server="stranger", endpoint="any", interface=interface,
        fields=fields, origin="stack",
    )  # fmt: skip


def with_wrong_port(wire: Wire) -> Wire:
    fields = tampered.fields_of(wire)
    return with_fields(wire, tampered.port(closed_port(), fields)(fields))


def with_wrong_secret(wire: Wire) -> Wire:
    fields = tampered.fields_of(wire)
    return with_fields(wire, tampered.secret("database.admin", fields)(fields))


def with_fields(wire: Wire, fields: dict[str, Any]) -> Wire:
    return Wire.model_validate(wire.model_dump(mode="json") | {"fields": fields})


def administer(stack: Live, statement: str) -> None:
    """What the administrator of the MySQL server says, with the client that jobs have."""
    site = site_of(stack)
    server = next(wire for wire in site.plan.wires if wire.interface == "mysql").server
    program = (
        "import os, pymysql; server = pymysql.connect(host='127.0.0.1', port=int(os.environ['PORT']), user='stack',"
        " password=os.environ['PASSWORD']); server.cursor().execute(os.environ['STATEMENT'])"
    )
    secret = site.secrets.fill([{"secret": f"{server}.admin"}])
    login = {"PORT": str(site.plan.component(server).ports["sql"]), "PASSWORD": secret, "STATEMENT": statement}
    python = site.prefix(site.plan.jobs.environment) / "bin/python"
    subprocess.run([python, "-c", program], env=login, check=True)


def test_every_interface_is_broken_somewhere() -> None:
    """An interface has its wires broken here or in the demo."""
    demo = {"postgres", "s3", "mlflow", "prefect", "evidently", "dask", "inference-v2", "metrics", "web"}
    assert set(FAULTS) == demo | set(SERVERS)


def test_every_wire_works_before(checks: dict[str, list[tuple[str, WireCheck]]]) -> None:
    """With the right address and the right credentials every probe is content: what fails below fails by the fault."""
    assert [check for _, check in checks[""] if not check.passed] == []


@pytest.mark.parametrize(("interface", "fault"), CASES)
def test_a_broken_wire_is_named(request: pytest.FixtureRequest, interface: str, fault: str) -> None:
    """A wrong port, a wrong credential, a share taken, a server that is gone: the wire fails, and what was tried."""
    if reason := absent(SERVERS[interface][1]):
        pytest.skip(reason)
    found = [check for kind, check in request.getfixturevalue("checks")[fault] if kind == interface]
    assert found
    for check in found:
        assert not check.passed
        assert check.detail.startswith("could not "), check
        assert "." in check.wire and check.server and check.address, check


def test_no_probe_is_content_with_a_stranger(checks: dict[str, list[tuple[str, WireCheck]]]) -> None:
    """Something else on the port, of whatever kind: the probe of each interface fails, the slow tools' too."""
    assert {interface for interface, _ in checks[STRANGER]} == set(SERVERS)
    assert [check.wire for _, check in checks[STRANGER] if check.passed or "No module named" in check.detail] == []
