"""The tiny catalog is real: its recipes, evaluated here by hand, start servers that do what their layers ask."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stackwright.catalog.dump import dump_file
from stackwright.catalog.load import Catalog
from stackwright.catalog.refs import as_text, evaluate, interface_fields
from stackwright.model.base import Secret
from stackwright_job import http
from stackwright_job.entry import Context, load_module, load_verbs

ADMIN, SHARE = "a" * 32, "s" * 32


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """One component, started from its recipe as the resolver and the runtime would, without either."""

    def __init__(self, catalog: Catalog, tool: str, folder: Path, needs: dict[str, Any], **chosen: Any) -> None:
        self.catalog, self.tool, self.folder = catalog, catalog.tool(tool), folder / tool
        self.recipe = catalog.recipe(tool)
        assert self.recipe is not None
        for name in ("data", "run"):
            (self.folder / name).mkdir(parents=True)
        endpoint = next(iter(self.recipe.endpoints), "none")
        self.port = free_port()
        self.context: dict[str, Any] = {
            "settings": {name: setting.default for name, setting in self.tool.settings.items()} | chosen,
            "secrets": dict.fromkeys(self.recipe.secrets, ADMIN),
            "needs": needs,
            "listen": {endpoint: {"host": "127.0.0.1", "port": self.port, "names": []}},
            "files": {name: f"{self.folder}/run/{file.path or name}" for name, file in self.recipe.files.items()},
            "data_dir": f"{self.folder}/data",
            "run_dir": f"{self.folder}/run",
            "here": str(catalog.folder(tool)),
        }
        self.context["endpoints"] = {endpoint: self.fields({}) if self.tool.provides else {}}
        self.processes: list[subprocess.Popen[bytes]] = []

    def fields(self, grant: dict[str, Any]) -> dict[str, Any]:
        """The fields of its endpoint."""
        interface = self.catalog.interface(next(iter(self.tool.provides.values())))
        return interface_fields(interface, {"host": "127.0.0.1", "port": self.port}, {}, grant)

    def env(self) -> dict[str, str]:
        """The variables of its processes."""
        found: dict[str, str] = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        for path in self.recipe.env_of:
            fields = self.context["needs"][path.removeprefix("needs.")]
            client = self.catalog.interface(fields["interface"]).client
            found |= evaluate(client.env, fields)
        return found | {key: str(as_text(value)) for key, value in evaluate(self.recipe.env, self.context).items()}

    def run(self, tree: Any, more: dict[str, Any] | None = None) -> list[str]:
        """A command's words."""
        return [str(as_text(word)) for word in evaluate(tree, {**self.context, **(more or {})})]

    def start(self) -> None:
        """Files, preparation, processes."""
        for name, file in self.recipe.files.items():
            content = dump_file(file.format, evaluate(file.data, self.context))
            Path(self.context["files"][name]).write_text(str(content), encoding="utf-8")
        for step in self.recipe.prepare:
            subprocess.run(self.run(step.command), env=self.env(), check=True)
        commands = [self.run(self.recipe.command)] if self.recipe.command else []
        for process in self.recipe.processes.values():
            count = evaluate(process.count, self.context)
            commands += [self.run(process.command, {"self": {"index": index}}) for index in range(count)]
        for command in commands:
            self.processes.append(subprocess.Popen(command, env=self.env(), cwd=self.folder))

    def wait(self) -> None:
        """Until it is ready as its recipe says."""
        url = evaluate(self.recipe.ready.http, self.context)
        for _ in range(200):
            try:
                if http.call("GET", url, timeout=1)["status"] == "ok":
                    return
            except (OSError, http.HttpError):
                time.sleep(0.02)
        raise TimeoutError(url)

    def grant(self, name: str) -> dict[str, Any]:
        """A share for one consumer, and the fields it gets."""
        given = {"grant": {"name": name, "secret": SHARE}}
        env = self.env() | self.environment(given)
        subprocess.run(self.run(self.recipe.grant.command, given), env=env, check=True, capture_output=True)
        return self.fields(evaluate(self.recipe.grant.fields, {**self.context, **given}))

    def environment(self, given: dict[str, Any]) -> dict[str, str]:
        """The variables of the grant."""
        values: dict[str, str] = evaluate(self.recipe.grant.env, {**self.context, **given})
        return values

    def stop(self) -> None:
        """TERM, and nothing is left."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def smoke(self, folder: Path, endpoints: dict[str, Any]) -> tuple[dict[str, Any], Context]:
        """Its verbs and what they get."""
        folder.mkdir(exist_ok=True)
        needs = self.context["needs"]
        verbs = load_verbs(self.catalog.folder(self.tool.id) / "smoke.py")
        return verbs, Context(endpoints=endpoints, needs=needs, files={}, env=self.env(), dir=folder)


@contextmanager
def started(*arguments: Any, **settings: Any) -> Iterator[Running]:
    """A running component that is ready."""
    running = Running(*arguments, **settings)
    try:
        running.start()
        running.wait()
        yield running
    finally:
        running.stop()


def test_the_three_tools_do_their_layers(tiny: Catalog, tmp_path: Path) -> None:
    """Database, server and library run from their recipes, each with its own share, and speak their verbs."""
    before = time.monotonic()
    with started(tiny, "tinydb", tmp_path, {}) as db:
        store, jobs = db.grant("serving-store"), db.grant("jobs-sql")
        with started(tiny, "tinyapp", tmp_path, {"store": store}, workers=2) as app:
            ready = time.monotonic() - before
            verbs, ctx = db.smoke(tmp_path / "a", {"sql": jobs})
            assert verbs["write_rows"](ctx, table="t", rows=[{"a": 1}]) == {"rows": 1}
            assert verbs["read_rows"](ctx, table="t") == {"rows": [{"a": 1}]}

            (tmp_path / "model.json").write_text(json.dumps({"weights": [2, 3], "bias": 1}))
            verbs, ctx = app.smoke(tmp_path / "b", {"web": app.fields({})})
            served = verbs["deploy"](ctx, model={"name": "m", "version": "7", "uri": f"{tmp_path}/model.json"})
            assert served["version"] == "7"
            assert verbs["predict"](ctx, url=served["url"], rows=[[1, 1], [0, 2]])["predictions"] == [6, 7]
            verbs["undeploy"](ctx, url=served["url"])
            with pytest.raises(http.HttpError):
                verbs["predict"](ctx, url=served["url"], rows=[[1, 1]])

            library = Running(tiny, "tinylib", tmp_path, {"index": jobs})
            verbs, ctx = library.smoke(tmp_path / "c", {})
            (tmp_path / "data").write_bytes(b"one")
            first = verbs["commit"](ctx, data_file=str(tmp_path / "data"), message="one")["version"]
            (tmp_path / "data").write_bytes(b"two")
            assert verbs["commit"](ctx, data_file=str(tmp_path / "data"), message="two")["version"] != first
            assert Path(verbs["read"](ctx, version=first)["file"]).read_bytes() == b"one"

            for name, fields in (("tinysql", store), ("tinyweb", app.fields({}))):
                probe = load_module(tiny.folders[0] / "_interfaces" / f"{name}.py", name).probe
                assert probe(fields)
            with pytest.raises(http.HttpError, match="401"):
                load_module(tiny.folders[0] / "_interfaces" / "tinysql.py", "p").probe(jobs | {"password": "x"})
    ends = [process.returncode for process in (*db.processes, *app.processes)]
    assert len(ends) == 4 and set(ends) <= {0, -signal.SIGTERM}  # on a busy machine a worker is told before it listens
    assert ready < 3  # a third of a second on a quiet machine


def test_a_share_sees_only_its_own_rows(tiny: Catalog, tmp_path: Path) -> None:
    """Two consumers of one server write the same table and do not see each other; a grant repeated changes nothing."""
    with started(tiny, "tinydb", tmp_path, {}) as db:
        one, two = db.grant("one"), db.grant("two")
        for fields in (one, two):
            verbs, ctx = db.smoke(tmp_path / "w", {"sql": fields})
            verbs["write_rows"](ctx, table="t", rows=[{"who": fields["username"]}])
        assert db.grant("one") == one
        verbs, ctx = db.smoke(tmp_path / "w", {"sql": one})
        assert verbs["read_rows"](ctx, table="t") == {"rows": [{"who": "one"}]}
        assert one["url"] == f"http://one:{SHARE}@127.0.0.1:{db.port}/one"


@pytest.mark.parametrize(("fault", "code"), [("start", 1), ("crash", 3)])
def test_faults_end_the_server(tiny: Catalog, tmp_path: Path, fault: str, code: int) -> None:
    """`fault: start` never gets ready, `fault: crash` dies after a second."""
    running = Running(tiny, "tinydb", tmp_path, {}, fault=fault)
    try:
        running.start()
        assert running.processes[0].wait(5) == code
    finally:
        running.stop()


def test_a_stubborn_server_has_to_be_killed(tiny: Catalog, tmp_path: Path) -> None:
    """`fault: stubborn` survives TERM and INT."""
    with started(tiny, "tinydb", tmp_path, {}, fault="stubborn") as db:
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(db.processes[0].pid, number)
        with pytest.raises(subprocess.TimeoutExpired):
            db.processes[0].wait(0.3)
        db.processes[0].kill()


def test_the_admin_secret_is_planned_as_a_segment(tiny: Catalog) -> None:
    """The server's own configuration file holds its secret only as a place for it."""
    recipe = tiny.recipe("tinydb")
    assert recipe is not None
    context = {
        "listen": {"sql": {"host": "h", "port": 1}},
        "data_dir": "d",
        "settings": {"start_delay": 0, "fault": "none"},
    }
    text = dump_file(
        "json", evaluate(recipe.files["config"].data, context | {"secrets": {"admin": Secret(secret="db.admin")}})
    )
    assert Secret(secret="db.admin|json") in text
