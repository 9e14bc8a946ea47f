"""Every wire of the demo is broken on purpose, one at a time: `up` or `smoke` fails and names that wire."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import demostack
import tampered
from cutting import cut
from demostack import site_of, sql
from livestack import STACK, TESTS, Live, kill, live, place, until
from stackwright.folders import shipped
from stackwright.model.plan import Wire
from stackwright.runtime import process
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace
from stackwright.smoke.site import Site
from stackwright.smoke.worker import Process
from stackwright_job.entry import load_module
from strangers import closed_port, strangers
from wirefaults import BUCKET, DATABASE, FAULTS, PASSWORD, PORT, REVOKED

pytestmark = [pytest.mark.live, pytest.mark.faults, pytest.mark.skipif(not process.LINUX, reason="looks into /proc")]

WIRES = {  # of the demo; a new one without a line here fails the first test
    "data-versioning.remote": "s3",
    "experiment-tracking.artifact_store": "s3",
    "experiment-tracking.backend_store": "postgres",
    "jobs.compute_engine_scheduler": "dask",
    "jobs.database_sql": "postgres",
    "jobs.experiment_tracking_tracking": "mlflow",
    "jobs.serving_predict": "inference-v2",
    "jobs.storage_s3": "s3",
    "serving.registry": "mlflow",
    "smoke.monitoring_ui": "evidently",
    "smoke.orchestration_api": "prefect",
    "smoke.serving_metrics": "metrics",
}
ENDPOINTS = {  # server and endpoint -> what leads there
    ("compute-engine", "scheduler"): {"jobs.compute_engine_scheduler"},
    ("database", "sql"): {"experiment-tracking.backend_store", "jobs.database_sql"},
    ("experiment-tracking", "tracking"): {"jobs.experiment_tracking_tracking", "serving.registry"},
    ("monitoring", "ui"): {"smoke.monitoring_ui"},
    ("orchestration", "api"): {"smoke.orchestration_api"},
    ("serving", "metrics"): {"smoke.serving_metrics"},
    ("serving", "predict"): {"jobs.serving_predict"},
    ("storage", "s3"): {"data-versioning.remote", "experiment-tracking.artifact_store", "jobs.storage_s3"},
}


def wires_with(*faults: str) -> list[tuple[str, str]]:
    return [(wire, fault) for wire, interface in WIRES.items() for fault in faults if fault in FAULTS[interface]]


class Demo:
    """The demo's stack while it is up, and what its commands say of its wires."""

    def __init__(self, stack: Live) -> None:
        self.live = stack
        self.workspace = Workspace.open(stack.root)
        self.plan = site_of(stack).plan

    @property
    def site(self) -> Site:
        """Its wires, with the secrets as they are now."""
        return site_of(self.live)

    def wire(self, name: str) -> Wire:
        return next(wire for wire in self.site.wires if wire.id == name)

    def wires_to(self, server: str) -> set[str]:
        return {wire.id for wire in self.site.wires if wire.server == server}

    def behind(self, *wires: str) -> set[str]:
        """The wires to components that live off these wires, however far."""
        found: set[str] = set()
        todo = [self.wire(name).consumer for name in wires]
        while todo:
            new = self.wires_to(todo.pop()) - found
            found |= new
            todo += [self.wire(name).consumer for name in new]
        return found

    def up(self, *tampering: str) -> tuple[int, set[str], str]:
        """Exit code, named wires, and the answer of `up`, perhaps with one wire of its plan broken."""
        begin = [sys.executable, str(TESTS / "tampered.py"), *tampering, "--"] if tampering else list(STACK)
        state = {"STACK_STATE_DIR": str(self.live.folder.parent / "state")}
        command = subprocess.run(
            [*begin, "up", "--json"], cwd=self.live.folder, env=os.environ | state, capture_output=True, text=True,
            check=False, timeout=180,
        )  # fmt: skip
        errors = [d["detail"] for d in json.loads(command.stdout)["diagnostics"] if d["code"] == "P030"]
        return command.returncode, {detail.split("`")[1] for detail in errors}, command.stdout

    def smoke(self) -> tuple[int, set[str], str]:
        """Exit code, the wires it named, and the answer of `smoke`: by probing, or because their server is not up."""
        command = self.live.start("smoke", "--json", "--pipeline", "probes.py")
        out, _ = command.communicate(timeout=120)
        answer = json.loads(out)
        broken = {wire["wire"] for wire in (answer["result"] or {"wires": []})["wires"] if not wire["passed"]}
        for error in answer["diagnostics"]:
            if error["code"] == "S001":  # the cut made a process of the server give up, and it is being restarted
                broken |= {name for name in re.findall("`([^`]+)`", error["detail"]) if "." in name}
        return command.returncode, broken, out

    def heal(self) -> None:
        """Until every wire works again: servers and their clients need a moment after a fault."""
        until(lambda: self.smoke()[0] == 0, 60)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with place() as root, demostack.demo(root, "wires") as stack:
        stack.stack("up", "--quiet")
        yield Demo(stack)


def test_every_wire_has_its_faults(demo: Demo) -> None:
    """The wires that `smoke` probes are exactly those that are broken here."""
    planned = {
        f"{wire['consumer']}.{wire['need']}" for wire in json.loads(demo.workspace.plan_file.read_text())["wires"]
    }
    assert planned <= set(WIRES)
    code, broken, said = demo.smoke()
    assert (code, broken) == (0, set())
    assert {wire["wire"]: wire["interface"] for wire in json.loads(said)["result"]["wires"]} == WIRES


def test_the_documents_say_which_faults_are_impossible() -> None:
    """docs/wires.md lists, for every interface, what is done here, and the faults that its wires cannot have."""
    text = (TESTS.parent / "docs/wires.md").read_text()
    probed, impossible = text.split("## Faults that a wire cannot have")
    assert set(re.findall(r"(?m)^\| `([^`]+)` \|", probed)) == set(FAULTS)
    assert set(FAULTS) == {file.stem for file in (shipped() / "catalog/_interfaces").glob("*.yaml")}
    told: dict[str, set[str]] = {interface: set() for interface in FAULTS}
    for cells in re.findall(r"(?m)^\| (.*`.*) \| ([a-z, ]+) \|", impossible):
        named = set(re.findall("`([^`]+)`", cells[0]))
        for interface in set(FAULTS) - named if cells[0].startswith("all but") else named:
            told[interface] |= set(cells[1].split(", "))
    everything = {fault for faults in FAULTS.values() for fault in faults}
    assert told == {interface: everything - set(faults) for interface, faults in FAULTS.items()}


@pytest.mark.parametrize(("wire", "fault"), wires_with(PORT, PASSWORD))
def test_up_names_a_wire_that_was_broken_before(demo: Demo, wire: str, fault: str) -> None:
    """A consumer that is told a wrong port or given a wrong password: `up` fails, and names this wire alone."""
    began = time.monotonic()
    tampering = ("port", str(closed_port())) if fault == PORT else ("secret", "storage.hash")
    code, named, said = demo.up(wire, *tampering)
    assert (code, named) == (1, {wire}), said
    assert demo.wire(wire).server in said and "stack logs" in said and "could not" in said
    assert time.monotonic() - began < 60


def test_up_repairs_what_a_right_plan_repairs(demo: Demo) -> None:
    """The same `up` with the right plan has everything work again."""
    code, named, said = demo.up()
    assert (code, named) == (0, set()), said
    demo.heal()


@pytest.mark.parametrize("wire", [wire for wire, _ in wires_with(REVOKED)])
def test_up_names_a_wire_whose_secret_was_changed(demo: Demo, wire: str) -> None:
    """A password in secrets.json that is not the one that was granted: `up` fails and names the wire."""
    file = demo.workspace.secrets_file
    right = file.read_text()
    try:
        file.write_text(json.dumps(json.loads(right) | {wire: "x" * 32}))
        code, named, said = demo.up()
    finally:
        file.write_text(right)
    assert (code, named) == (1, {wire}), said


@pytest.mark.parametrize(("wire", "fault"), wires_with(REVOKED, BUCKET, DATABASE))
def test_smoke_names_a_wire_whose_share_was_taken(demo: Demo, wire: str, fault: str) -> None:
    """A role locked, a key withdrawn, a bucket or a database gone, on the running stack: `smoke` names this wire.

    Those to a server that lives off this wire may be broken with it; nothing else is blamed.
    """
    with TAKE[fault, WIRES[wire]](demo, wire):
        code, broken, said = demo.smoke()
    demo.heal()
    assert code == 1
    assert wire in broken, said
    assert broken <= {wire} | demo.behind(wire)


@contextmanager
def locked_role(demo: Demo, wire: str) -> Iterator[None]:
    role = demo.site.fields(demo.wire(wire).fields)["username"]
    sql(demo.live, f'ALTER ROLE "{role}" NOLOGIN')
    yield
    sql(demo.live, f'ALTER ROLE "{role}" LOGIN')


@contextmanager
def database_gone(demo: Demo, wire: str) -> Iterator[None]:
    """Under another name, so that it can come back; whoever dials it finds none."""
    name = demo.site.fields(demo.wire(wire).fields)["database"]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    sql(demo.live, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', cut, f'ALTER DATABASE "{name}" RENAME TO gone')
    yield
    sql(demo.live, f'ALTER DATABASE gone RENAME TO "{name}"', f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def user_gone(demo: Demo, wire: str) -> Iterator[None]:
    users = demo.live.root / "components/storage/data/users.json"
    granted = json.loads(users.read_text())
    key = demo.site.fields(demo.wire(wire).fields)["access_key"]
    replace(users, {user: secret for user, secret in granted.items() if user != key})
    yield
    replace(users, granted)


@contextmanager
def bucket_gone(demo: Demo, wire: str) -> Iterator[None]:
    s3 = load_module(shipped() / "catalog/_interfaces/s3.py", "s3_of_the_test")
    fields = demo.site.fields(demo.wire(wire).fields)
    s3._request(fields, "DELETE", "")
    yield
    s3._request(fields, "PUT", "")


TAKE: dict[tuple[str, str], Callable[[Demo, str], Any]] = {
    (REVOKED, "postgres"): locked_role,
    (DATABASE, "postgres"): database_gone,
    (REVOKED, "s3"): user_gone,
    (BUCKET, "s3"): bucket_gone,
}


def replace(file: Path, content: object) -> None:
    new = file.with_suffix(".test")
    new.write_text(json.dumps(content))
    new.chmod(0o600)
    new.replace(file)


@pytest.mark.parametrize(("server", "endpoint"), ENDPOINTS)
def test_smoke_names_the_wires_to_a_closed_port(demo: Demo, server: str, endpoint: str) -> None:
    """A port closed and its live connections cut, the process running on: `smoke` names all wires that lead there."""
    leading = {wire.id for wire in demo.site.wires if (wire.server, wire.endpoint) == (server, endpoint)}
    assert leading == ENDPOINTS[server, endpoint]
    name = next(name for name in demo.live.pids() if name.startswith(f"{server}/"))
    pid = demo.live.pids()[name]
    try:
        try:
            assert cut(demo.plan.component(server).ports[endpoint])
        except PermissionError:
            pytest.skip("this user may not reach into its own processes; a stopped server is tested beside")
        code, broken, said = demo.smoke()
        assert code == 1
        assert leading <= broken, said
        assert broken <= leading | demo.behind(*leading)
        assert demo.live.pids()[name] == pid  # it runs: this was the network
    finally:
        kill(pid)  # the keeper starts it again
        demo.heal()


def test_smoke_names_the_wires_to_a_server_that_hangs(demo: Demo) -> None:
    """A server that takes connections and never answers: both its wires are named, and nobody waits for long."""
    server = demo.live.pids()["database/main"]
    os.kill(server, signal.SIGSTOP)
    began = time.monotonic()
    try:
        code, broken, said = demo.smoke()
    finally:
        os.kill(server, signal.SIGCONT)
    assert time.monotonic() - began < 30
    demo.heal()
    assert code == 1
    assert demo.wires_to("database") <= broken, said
    assert broken <= demo.wires_to("database") | demo.behind(*demo.wires_to("database"))


def test_cut_connections_alone_break_no_wire(demo: Demo) -> None:
    """Connections that were open are cut, the server goes on: clients connect anew, within one more try."""
    sql(
        demo.live,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL",
    )
    _, broken, said = demo.smoke()
    assert broken <= demo.behind(*demo.wires_to("database")), said
    code, broken, said = demo.smoke()
    assert (code, broken) == (0, set()), said


@pytest.mark.parametrize("server", ["storage"])
def test_smoke_names_the_wires_to_a_stopped_server(demo: Demo, server: str) -> None:
    """A server that does not run: `smoke` says so at once, with the wires it takes along, and `up` repairs them."""
    KeeperClient(demo.workspace).stop([f"{server}/main"])
    command = demo.live.start("smoke", "--json")
    out, err = command.communicate(timeout=60)
    (error,) = json.loads(out)["diagnostics"]
    assert (command.returncode, error["code"]) == (1, "S001"), out + err
    assert set(re.findall("`([^`]+)`", error["detail"])) == {server} | demo.wires_to(server)
    code, named, said = demo.up()
    assert (code, named) == (0, set()), said
    demo.heal()


def test_no_probe_is_content_with_a_stranger(demo: Demo) -> None:
    """Something else on the port, of whatever kind: each interface's probe fails, in time, and says what it tried."""
    with strangers() as ports:
        site = demo.site
        asked = [
            {
                "wire": f"{wire.interface} at {kind}",
                "probe": str(site.interface_file(wire.interface)),
                "fields": wrong(site.fields(wire.fields)),
            }
            for wire in {wire.interface: wire for wire in site.wires}.values()
            for kind, port in ports.items()
            for wrong in [tampered.port(port, site.fields(wire.fields))]
        ]
        words = ["stackwright_job.probes"]
        folder = demo.live.root / "jobs/strangers"
        probes = Process(site, demo.plan.jobs.environment, words, folder, folder.with_suffix(".log"))
        try:
            probes.send({"id": 1, "wires": asked})
            end = time.monotonic() + 20
            answers = {(answer := probes.receive(end))["wire"]: answer for _ in asked}
        finally:
            probes.close()
    assert {name for name, answer in answers.items() if answer["ok"]} == set()
    assert {name for name, answer in answers.items() if not answer["tried"]} == set()


def test_the_hint_repairs_a_broken_share() -> None:
    """What an error about a wire tells to type gives withdrawn shares again, and the data are still there."""
    with place() as root, live(root) as stack:
        (stack.folder / "probes.py").write_text(demostack.PROBES_ONLY)
        stack.stack("up", "--quiet")
        demo = Demo(stack)
        database = demo.site.fields(demo.wire("jobs.database_sql").fields)["database"]
        inside = f'\\connect "{database}"'
        sql(demo.live, inside, "CREATE TABLE kept (n int)")
        for fault, wire in ((REVOKED, "jobs.database_sql"), (REVOKED, "jobs.storage_s3")):
            TAKE[fault, WIRES[wire]](demo, wire).__enter__()
        code, named, said = demo.up()
        assert (code, named) == (1, {"jobs.database_sql", "jobs.storage_s3"})
        hint = json.loads(said)["diagnostics"][0]["hint"]
        for line in re.findall(r"(?m)^    stack ((?:up|down).*)$", hint):
            stack.stack(*line.split(), "--quiet")
        assert demo.smoke()[:2] == (0, set())
        sql(demo.live, inside, "INSERT INTO kept VALUES (1)")
