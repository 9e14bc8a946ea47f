"""Create, keep, repair, change, destroy: what one stack goes through, with real Terraform and real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.engine.find import find_terraform
from stackwright.engine.hosted import clean_environment
from stackwright.errors import StackError
from stackwright.model.report import Change
from stackwright.runtime import component

if TYPE_CHECKING:
    from conftest import Stack

TERRAFORMS = [None, *filter(None, [shutil.which("terraform"), shutil.which("tofu")])]
HOSTILE = (
    'a"b\'\\c ${file("/etc/passwd")} $${x} %{if true} %%{y}\nJSON\n  JSON\n\tÄ e\u0301 \u2028 \U0001f600 \x7f '
    "$(touch x) {{ secrets.x }}"
)


def _kill(stack: Stack, name: str) -> None:
    """End a component as if it had died too often: the keeper gives up on it."""
    component.stop(stack.workspace, name, lambda *_: None)


@pytest.mark.parametrize("terraform", TERRAFORMS, ids=lambda path: Path(path).name if path else "embedded")
def test_from_nothing_to_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch, terraform: str | None) -> None:
    """A stack comes up wired, is left alone while nothing changes, and goes without a trace."""
    if terraform:
        monkeypatch.setenv("STACK_TERRAFORM", terraform)
    database = stack.add("database")
    stack.add("tracking", after=("database",))
    granted = stack.grant("tracking", "database")

    made = Counter((change.kind, change.action) for change in stack.up())

    assert made == {("environment", "add"): 1, ("process", "add"): 2, ("grant", "add"): 1}
    assert stack.engine.outputs()["database"]["web"]["port"] == database["ports"]["web"]
    before = stack.pids()
    assert all(before.values())
    assert stack.changes() == []
    assert stack.up() == []
    assert stack.pids() == before
    assert len(granted.read_text().splitlines()) == 1

    gone = Counter((change.kind, change.action) for change in stack.engine.destroy())

    assert gone == {("environment", "destroy"): 1, ("process", "destroy"): 2, ("grant", "destroy"): 1}
    assert not any(stack.pids().values())
    assert stack.engine.destroy() == []


def test_drift(stack: Stack) -> None:
    """A component that is gone is the one thing to add; repairing it touches nobody else and makes no grant anew."""
    stack.add("database")
    stack.add("tracking", after=("database",))
    granted = stack.grant("tracking", "database")
    stack.up()
    before = stack.pids()
    _kill(stack, "database")

    assert stack.changes() == [Change("database", "process", "add", "it is no longer running")]
    assert [change.what for change in stack.up()] == ["database"]

    after = stack.pids()
    assert after["database"]
    assert after["database"] != before["database"]
    assert after["tracking"] == before["tracking"]
    assert len(granted.read_text().splitlines()) == 1
    assert stack.changes() == []


def test_a_restart_is_no_drift(stack: Stack) -> None:
    """A process that the keeper has restarted has another pid, and there is nothing to plan."""
    import time

    stack.add("database")
    stack.up()
    before = stack.pids()["database"]
    os.kill(component.observe(stack.workspace, "database").pids["main"], signal.SIGKILL)
    until = time.monotonic() + 15
    while stack.pids()["database"] in ((), before) and time.monotonic() < until:
        time.sleep(0.1)

    assert stack.pids()["database"] not in ((), before)
    assert stack.changes() == []


def test_a_fresh_data_folder(stack: Stack) -> None:
    """A server whose data is gone has forgotten its grants: they are made again, and nothing else."""
    database = stack.add("database")
    stack.add("tracking", after=("database",))
    granted = stack.grant("tracking", "database")
    stack.up()
    before = stack.pids()
    _kill(stack, "database")
    shutil.rmtree(database["folder"])

    changes = stack.up()

    assert {(c.what, c.kind) for c in changes} == {("database", "process"), ("tracking.db", "grant")}
    assert len(granted.read_text().splitlines()) == 2
    assert stack.pids()["tracking"] == before["tracking"]
    assert stack.changes() == []


def test_changed_setting(stack: Stack) -> None:
    """A changed spec restarts its component and nobody else; the reason names the part, not the value."""
    stack.add("database")
    tracking = stack.add("tracking", after=("database",))
    stack.up()
    before = stack.pids()
    tracking["env"] = {"WORKERS": "7"}

    assert stack.changes() == [Change("tracking", "process", "change", "changed: env")]
    stack.up()

    assert stack.started("tracking")["env"]["WORKERS"] == "7"
    assert stack.pids()["database"] == before["database"]
    assert stack.pids()["tracking"] != before["tracking"]
    assert stack.changes() == []


def test_removed_component(stack: Stack) -> None:
    """A component that left the plan is stopped, the others stay."""
    stack.add("database")
    stack.add("tracking")
    stack.up()
    before = stack.pids()
    del stack.specs["tracking"]

    assert [(c.what, c.action) for c in stack.up()] == [("tracking", "destroy")]
    assert component.observe(stack.workspace, "tracking") is None
    assert stack.pids()["database"] == before["database"]


def test_failed_start(stack: Stack) -> None:
    """What does not start is one error with its last words, leaves nothing running, and holds back who needs it."""
    stack.add("good")
    stack.add("bad", FAIL="for the test")
    stack.add("after", after=("bad",))

    with pytest.raises(StackError) as caught:
        stack.up()

    (found,) = caught.value.diagnostics
    assert "`bad`" in found.detail
    assert "refused: for the test" in found.detail
    assert "stack logs bad" in found.hint
    pids = stack.pids()
    assert pids["good"]
    assert not pids["bad"]
    assert not pids["after"]
    stack.specs["bad"]["env"] = {}
    assert {c.what for c in stack.up()} == {"bad", "after"}
    assert stack.pids()["good"] == pids["good"]


def test_failed_change(stack: Stack) -> None:
    """A change that fails leaves nothing half-new; putting the setting back repairs it."""
    database = stack.add("database")
    stack.up()
    database["env"] = {"FAIL": "for the test"}
    with pytest.raises(StackError):
        stack.up()
    assert not stack.pids()["database"]
    database["env"] = {}

    stack.up()

    assert stack.pids()["database"]
    assert stack.changes() == []


def test_formatted(stack: Stack) -> None:
    """The root is as `terraform fmt` would write it: people read it."""
    stack.add("database")
    stack.add("tracking", after=("database",), X="long " * 50)
    stack.grant("tracking", "database")
    stack.render()
    folder = stack.workspace.terraform
    words = [*find_terraform().command, "fmt", "-check", "-diff", "-recursive"]

    done = subprocess.run(words, cwd=folder, env=clean_environment(folder), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_hostile_strings(stack: Stack) -> None:
    """Whatever a value holds reaches the process byte for byte, and nothing in it is run on the way."""
    spec = stack.add("database", HOSTILE=HOSTILE)
    spec["processes"][0]["command"] += ["0", HOSTILE]

    stack.up()

    assert stack.started("database")["env"]["HOSTILE"] == HOSTILE
    assert stack.started("database")["argv"][-1] == HOSTILE
    assert stack.changes() == []


def test_no_secret_in_any_file_of_terraform(stack: Stack) -> None:
    """A secret reaches the process and its grant, and is in no file, plan or log that Terraform had a hand in."""
    stack.add("database", PASSWORD=["a:", {"secret": "database.password"}, "@b"])
    granted = stack.grant("jobs", "database")
    stack.up()
    stack.changes()
    secrets = json.loads(stack.workspace.secrets_file.read_text())

    assert stack.started("database")["env"]["PASSWORD"] == f"a:{secrets['database.password']}@b"
    assert granted.read_text() == secrets["jobs.db"] + "\n"
    files = [p for top in (stack.workspace.terraform, stack.workspace.logs) for p in top.rglob("*") if p.is_file()]
    assert {"main.tf", "terraform.tfstate", "terraform-apply.jsonl"} <= {p.name for p in files}
    assert [p for p in files for secret in secrets.values() if secret.encode() in p.read_bytes()] == []


def test_no_secret_in_an_error(stack: Stack) -> None:
    """A tool that prints its secret and dies does not get it into the error, nor into Terraform's output."""
    stack.add("bad", FAIL=["my password is ", {"secret": "bad.password"}])

    with pytest.raises(StackError) as caught:
        stack.up()

    secret = json.loads(stack.workspace.secrets_file.read_text())["bad.password"]
    assert "my password is" in caught.value.diagnostics[0].detail
    assert secret not in str(caught.value.diagnostics)
    assert secret not in (stack.workspace.logs / "terraform-apply.jsonl").read_text()


def test_slow_starts_run_together(stack: Stack) -> None:
    """Twelve components that take two seconds each take far less than twenty-four together."""
    import time

    stack.add("warm")
    stack.up()
    for number in range(12):
        stack.add(f"slow{number}", delay=2)
    began = time.monotonic()

    stack.up()

    assert time.monotonic() - began < 10
    assert all(stack.pids().values())


def test_progress(stack: Stack) -> None:
    """Starts, waits and stops are reported while they happen, by our words."""
    stack.add("database")
    stack.up()
    stack.engine.destroy()

    assert [phase for subject, phase, _ in stack.progress if subject == "database"] == [
        "starting",
        "waiting",
        "ready",
        "stopping",
        "gone",
    ]
