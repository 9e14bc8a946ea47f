"""No generated secret shows anywhere but where it has to be: a whole life of the demo's stack, watched and searched."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

from demostack import BEHIND, demo, sql
from exposure import Search, Watcher, forms
from livestack import Live, place
from stackwright.folders import cache_dir
from stackwright.runtime import process
from stackwright.runtime.client import KeeperClient
from stackwright.runtime.workspace import Workspace

pytestmark = [pytest.mark.live, pytest.mark.faults, pytest.mark.skipif(not process.LINUX, reason="looks into /proc")]

# What is ours runs without any secret in its environment: commands, Terraform, keeper and watchdogs, smoke's workers.
OURS = (b"stackwright.app", b"stackwright.engine", b"stackwright.runtime.keeper", b"stackwright_job.")
NEEDLESS = (*OURS, b"/uv\0", b"git\0")
# A user's own pipeline: it shows what it can lay its hands on, in what it returns and in how it fails.
LEAKY = """
import base64
from stackwright.smoke.pipeline import Pipeline
PIPELINE = Pipeline("leaky")
def stolen(run):
    secret = run._site.fields(run._site.plan.wires[0].fields)["secret_key"]
    return [secret, base64.b64encode(b"x" + secret.encode()).decode()]
@PIPELINE.step("shows", "database")
def shows(run):
    return {"shown": str(stolen(run)), "found": stolen(run)}
@PIPELINE.step("fails", "database")
def fails(run):
    raise RuntimeError(stolen(run))
"""


class Life:
    """The demo's stack with all that its commands said, and all that the machine's processes showed meanwhile."""

    def __init__(self, stack: Live, watcher: Watcher) -> None:
        self.stack, self.watcher = stack, watcher
        self.said: dict[str, str] = {}  # command -> stdout and stderr
        self.secrets: dict[str, str] = {}

    def run(self, *words: str, code: int = 0) -> str:
        """One command, for people or for programs; what it says is kept."""
        command = self.stack.start(*words)
        out, err = command.communicate(timeout=240)
        name = " ".join(words)
        assert command.returncode == code, f"{name}: exit {command.returncode}\n{out[-3000:]}\n{err[-3000:]}"
        self.said[name] = self.said.get(name, "") + out + err
        return out

    def both(self, *words: str, code: int = 0) -> None:
        """For people, and for programs."""
        self.run(*words, code=code)
        self.run(*words, "--json", code=code)

    @cached_property
    def search(self) -> Search:
        """Once there are secrets."""
        return Search(self.secrets)

    def ours(self) -> list[Path]:
        """All that the stack wrote beside and outside its workspace, and what the cache keeps but for packages."""
        cache = [path for path in cache_dir().iterdir() if path.name != "environments"]
        return [self.stack.folder.parent, *cache]


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    """From `init` to a stack that is up, proven, broken and up again; `down` is part of the last test."""
    with place() as root, demo(root, "secret") as stack, Watcher(stack.root / "jobs") as watcher:
        life = Life(stack, watcher)
        begin(life)
        yield life


def begin(life: Life) -> None:
    """Every command of a stack's life but the last, each for people and for programs."""
    stack = life.stack
    (stack.folder / "leaky.py").write_text(LEAKY)
    life.both("init", "elsewhere", "--blueprint", "demo", "--force")
    life.both("validate")
    life.both("plan")
    life.run("up")
    life.secrets = json.loads((stack.root / "secrets.json").read_text())
    life.run("up", "--json")
    life.both("plan")
    for command in ("status", "outputs", "list", "doctor"):
        life.both(command)
    life.run("logs", "-n", "100000")
    life.run("exec", "--", "true")
    life.run("smoke", "--json")
    life.run("smoke", "--pipeline", "probes.py")
    life.both("smoke", "--pipeline", "leaky.py", code=1)


def test_the_search_finds_what_is_planted(life: Life, tmp_path: Path) -> None:
    """In a log, a command line, an environment or an answer, however it is written, a secret would have been seen."""
    search, secret = life.search, life.secrets["jobs.storage_s3"]
    log = life.stack.root / "logs/planted.log"
    padded = [base64.b64encode(b"abc"[:n] + secret.encode()).decode() for n in range(3)]
    for form in (secret, f"%{secret.encode().hex('%')}", *padded):
        log.write_text(f"said: {form} and went on\n")
        assert search.files(log.parent)[log] == {"jobs.storage_s3"}
    assert log in search.files(*life.ours())
    log.unlink()
    assert search(life.run("outputs", "--show-secrets", "--json")) >= {"jobs.storage_s3", "monitoring.write"}
    del life.said["outputs --show-secrets --json"]  # that is what it is for
    careless = [sys.executable, "-c", "import sys; sys.stdin.read()", f"--password={secret}"]
    watcher = Watcher(tmp_path)
    with subprocess.Popen(careless, env={"PASSWORD": secret}, stdin=subprocess.PIPE) as leak:
        while leak.pid not in watcher.lines.values():
            watcher.look()
        watcher.environments.clear()
        watcher.look()
        assert leak.stdin
        leak.stdin.close()
    time.sleep(0.5)  # a look of the other watcher is over
    for seen in [line for line, pid in life.watcher.lines.items() if pid == leak.pid]:
        del life.watcher.lines[seen]
    for known in [known for known in life.watcher.environments if known[0] == leak.pid]:
        del life.watcher.environments[known]
    assert [pid for line, pid in watcher.lines.items() if search(line)] == [leak.pid]
    assert [pid for (pid, line), held in watcher.environments.items() if search(line) and search(held)] == [leak.pid]


def test_every_secret_is_made_and_used(life: Life) -> None:
    """What is searched for is everything: each secret of the plan, all different, too long to be found by chance."""
    plan = json.loads((life.stack.root / "plan.json").read_text())
    assert set(life.secrets) == set(plan["secrets"])
    assert len(set(life.secrets.values())) == len(life.secrets) >= 10
    assert all(len(secret) == 32 and len(forms(secret)) >= 5 for secret in life.secrets.values())


def test_no_command_says_a_secret(life: Life) -> None:
    """Nothing on stdout or stderr, for people or for programs, of any command, passed or failed."""
    assert spoken(life) == {}
    assert "***" in life.said["smoke --pipeline leaky.py"]  # there was something to hide
    assert "***" in life.said["smoke --pipeline leaky.py --json"]


def test_a_failed_up_says_no_secret(life: Life) -> None:
    """A tool that cannot log in complains, and its log is in the error: `up` fails, and shows no password."""
    stack, role = life.stack, "experiment-tracking-backend-store"
    sql(stack, f'ALTER ROLE "{role}" NOLOGIN')
    try:
        KeeperClient(Workspace.open(stack.root)).stop(["experiment-tracking/main"])
        life.both("smoke", code=1)
        life.run("up", code=1)
        life.both("status", code=1)
        life.run("logs", "-n", "100000")
    finally:
        sql(stack, f'ALTER ROLE "{role}" LOGIN')
    life.run("up")
    sql(stack, 'ALTER ROLE "jobs-database-sql" NOLOGIN')
    try:
        life.run("up", "--json", code=1)
    finally:
        sql(stack, 'ALTER ROLE "jobs-database-sql" LOGIN')
    assert "`experiment-tracking.backend_store`" in life.said["up"]
    assert "`jobs.database_sql`" in life.said["up --json"]
    assert spoken(life) == {}


def test_a_bug_says_no_secret(life: Life) -> None:
    """Our own faults: neither what is shown nor the report that is kept has a secret in it."""
    file = life.stack.root / "plan.json"
    right = file.read_text()
    try:
        file.write_text('{"components": 1}')
        life.both("status", code=3)
    finally:
        file.write_text(right)
    assert list((life.stack.folder.parent / "state/bugs").iterdir())
    assert spoken(life) == {}


def test_no_process_shows_a_secret(life: Life) -> None:
    """Never on a command line; in an environment only of the stack's tools and of what they and jobs start."""
    search, lines, environments = life.search, dict(life.watcher.lines), dict(life.watcher.environments)
    assert life.watcher.looks > 100
    assert [line for line in lines if search(line)] == []
    mark = f"STACK_ID={json.loads((life.stack.root / 'stack.json').read_text())['id']}\0".encode()
    holding = {(pid, line): held for (pid, line), held in environments.items() if search(held)}
    asked_for = [(pid, line) for (pid, line), held in holding.items() if line == b"true\0" or BEHIND.encode() in held]
    assert [place for place, held in holding.items() if mark not in held and place not in asked_for] == []
    assert [line for _, line in holding if any(word in line for word in NEEDLESS)] == []
    seen = b"".join(lines)
    assert all(word in seen for word in OURS)  # they were looked at


def test_no_file_holds_a_secret_but_those_that_must(life: Life) -> None:
    """One file of ours, 0600; a tool's own files, 0600 or in a folder that is 0700. Not Terraform's, logs, journals."""
    root = life.stack.root
    found = life.search.files(*life.ours())
    assert found.pop(root / "secrets.json") == set(life.secrets)
    assert [path for path in found if not tools_own(life, path)] == []
    assert [path for path in [root / "secrets.json", *found] if not private(path)] == []
    for looked_at in (
        "terraform/main.tf",
        "terraform/terraform.tfstate",
        "plan.json",
        "journal/client.jsonl",
        "journal/keeper.jsonl",
        "logs/terraform-apply.jsonl",
        "logs/terraform-plan.jsonl",
        "keeper/units/database%2Fmain.json",
        "components/serving/log",
        "logs/smoke/storage.log",
    ):
        assert (root / looked_at).stat().st_size or looked_at.endswith("storage.log")


def tools_own(life: Life, path: Path) -> bool:
    """`run/` and `data/` of a component, in the workspace or where tools of another user have theirs."""
    for home in (life.stack.root / "components", *(life.stack.folder.parent / "state/components").glob("*")):
        if path.is_relative_to(home):
            return path.relative_to(home).parts[1] in ("data", "run")
    return False


def private(path: Path) -> bool:
    """Whether nobody but its owner can read it: by itself, or by its component's folder."""
    return any(not step.stat().st_mode & 0o077 for step in (path, *path.parents[:3]))


def test_what_jobs_are_told_is_private_and_goes(life: Life) -> None:
    """The files by which jobs get their credentials: 0600 while they are needed, and gone after smoke."""
    search = life.search
    held = {
        path: mode
        for path, seen in list(life.watcher.files.items())
        for content, mode in seen.items()
        if search(content)
    }
    assert any(path.name == "stack-job.json" for path in held)
    assert {path: oct(mode) for path, mode in held.items() if mode & 0o077} == {}
    assert [path for path in held if path.exists()] == []


def test_down_leaves_no_secret(life: Life) -> None:
    """With the data the secrets file is kept, and nothing else that holds one; then nothing at all."""
    life.run("down", "--keep-data", "--json")
    found = life.search.files(*life.ours())
    assert found.pop(life.stack.root / "secrets.json")
    assert [path for path in found if not tools_own(life, path) or not private(path)] == []
    life.run("down")
    assert life.search.files(*life.ours()) == {}
    assert spoken(life) == {}


def spoken(life: Life) -> dict[str, set[str]]:
    """The commands that said a secret."""
    return {command: found for command, text in life.said.items() if (found := life.search(text))}
