"""The demo's nine layers in containers, from `up` to `down`, beside things of somebody else on the same engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from dockerstack import DEMO, STRANGER, Contained, Things, changes, contained, somebody_else, things
from exposure import Search, Watcher
from livestack import until

LIBRARIES = {"data-versioning"}
SECOND = {"model-registry"}  # another layer's component does it
CONTAINED = set(DEMO["layers"]) - LIBRARIES - SECOND
ROWS = """
import sys, psycopg
with psycopg.connect(autocommit=True) as connection:
    done = connection.execute(sys.argv[1])
    print("rows:", [row[0] for row in done] if done.description else None)
"""


class Life:
    """A stack that is up, what was on the engine before it, and what the machine's processes showed meanwhile."""

    def __init__(self, stack: Contained, engine: docker.APIClient, before: Things, watcher: Watcher) -> None:
        self.stack, self.engine, self.before, self.watcher = stack, engine, before, watcher

    def containers(self, component: str | None = None) -> list[dict[str, Any]]:
        """All that the engine knows of the stack's containers."""
        labels = [f"stackwright.stack={self.stack.id}"]
        labels += [f"stackwright.component={component}"] if component else []
        found = self.engine.containers(all=True, filters={"label": labels})
        return [self.engine.inspect_container(one["Id"]) for one in found]

    def images(self) -> list[dict[str, Any]]:
        """The images that they were made of."""
        return [self.engine.inspect_image(image) for image in {one["Image"] for one in self.containers()}]

    def rows(self, sql: str) -> str:
        """What the database answers to a job."""
        return self.stack.stack("exec", "--", "python", "-c", ROWS, sql)


@pytest.fixture(scope="module")
def life(engine: docker.APIClient, blank: Things, place: Path) -> Iterator[Life]:
    """Brought up once; `down` is the last test's, or the fixture's if that is not reached."""
    with somebody_else(engine) as before, Watcher(place / "nothing") as watcher:
        before["image"] = {i: name for i, name in before["image"].items() if i in blank["image"] or STRANGER in name}
        with contained(place, "life", DEMO["layers"], jobs=DEMO["jobs"], patience=1500) as stack:
            stack.stack("up")
            yield Life(stack, engine, before, watcher)


def test_the_lifecycle_passes(life: Life) -> None:
    """`stack smoke` probes every wire and runs its pipeline through all nine layers: every step passed."""
    said = life.stack.answer("smoke")
    states = [(step["state"], step["layer"], step["name"], step["detail"]) for step in said["steps"]]
    assert len([state for state, *_ in states if state == "passed"]) >= len(DEMO["layers"]), states
    assert all(detail.startswith("the stack has no") for state, *_, detail in states if state != "passed"), states


def test_every_verb_is_spoken(life: Life) -> None:
    """`--pipeline layers` speaks all verbs of every layer of the stack."""
    said = life.stack.answer("smoke", "--pipeline", "layers")
    failed = [step for step in said["steps"] if step["state"] == "failed"]
    assert not failed
    assert {step["layer"] for step in said["steps"] if step["state"] == "passed"} >= CONTAINED - {"orchestration"}


def test_what_runs_where(life: Life) -> None:
    """Every component with a process is in containers on the stack's network, and shown as up; libraries are not."""
    labels = [one["Config"]["Labels"]["stackwright.component"] for one in life.containers()]
    assert set(labels) == CONTAINED
    networks = {name for one in life.containers() for name in one["NetworkSettings"]["Networks"]}
    assert networks == {life.stack.id}
    shown = life.stack.answer("status")["components"]
    assert {c["id"]: c["state"] for c in shown if c["id"] in CONTAINED} == dict.fromkeys(CONTAINED, "up")
    workers = [p["name"] for c in shown if c["id"] == "compute-engine" for p in c["processes"]]
    assert {"scheduler", "worker.0"} <= {*workers}


def test_nothing_more_than_it_needs(life: Life) -> None:
    """No root, no capabilities, no new privileges, an init, a health check, a restart policy; only 127.0.0.1."""
    caller = f"{os.getuid()}:{os.getgid()}"  # as whom jobs run, as their files are the caller's
    for one in life.containers():
        host, component = one["HostConfig"], one["Config"]["Labels"]["stackwright.component"]
        assert one["Config"]["User"] == (caller if component == "orchestration" else "10001:10001"), one["Name"]
        assert (host["CapDrop"], host["CapAdd"], host["Privileged"]) == (["ALL"], None, False), one["Name"]
        assert [option for option in host["SecurityOpt"] if option.startswith("no-new-privileges")], one["Name"]
        assert host["Init"], one["Name"]
        assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 5}, one["Name"]
        published = [where for port in (host["PortBindings"] or {}).values() for where in port]
        assert {where["HostIp"] for where in published} <= {"127.0.0.1"}, one["Name"]
    healthy = {
        one["Config"]["Labels"]["stackwright.component"]
        for one in life.containers()
        if one["Config"].get("Healthcheck")
    }
    assert healthy == CONTAINED
    uids = [life.engine.top(one["Id"], ps_args="-eo pid,uid,args")["Processes"] for one in life.containers()]
    assert {row[1] for rows in uids for row in rows} <= {"10001", str(os.getuid())}


def test_logs_and_exec(life: Life) -> None:
    """`logs` shows what a container wrote, `exec` reaches the stack from this machine."""
    assert "database system is ready" in life.stack.stack("logs", "database", "-n", "1000")
    assert "rows: [42]" in life.rows("select 42")
    everything = life.stack.stack("logs", "-n", "5")
    talkative = {"database", "experiment-tracking", "orchestration", "serving"}
    assert {name for name in talkative if re.search(rf"^{name} ", everything, re.MULTILINE)} == talkative


def test_secrets_show_nowhere(life: Life) -> None:
    """In no label, name, command line, health check or image; the search would find one in an environment."""
    search = Search(json.loads((life.stack.root / "secrets.json").read_text()))
    assert search(json.dumps([one["Config"]["Env"] for one in life.containers()])), "the search finds nothing at all"
    for one in life.containers():
        config = {key: value for key, value in one["Config"].items() if key != "Env"}
        assert not search(json.dumps([one["Name"], one["Args"], one["Path"], config, one["HostConfig"]])), one["Name"]
    for image in life.images():
        history = life.engine.history(image["Id"])
        assert not search(json.dumps([image, history])), image["RepoTags"]
    rest = [*life.engine.networks(), *life.engine.volumes()["Volumes"]]
    assert not search(json.dumps(rest))
    assert life.watcher.looks > 20
    assert not [line for line in life.watcher.lines if search(line)]


def test_images_hold_no_stack(life: Life) -> None:
    """An image knows its environment and nothing of the stack; each was made once for all that are made of it."""
    for image in life.images():
        assert image["Config"]["Labels"]["stackwright.environment"]
        assert life.stack.id not in json.dumps(image)
        assert life.stack.name not in json.dumps(life.engine.history(image["Id"]))
    assert {one["Image"] for one in life.containers("compute-engine")} == {
        life.containers("compute-engine")[0]["Image"]
    }


def test_again_changes_nothing(life: Life) -> None:
    """A second `up` finds everything as it should be."""
    before = things(life.engine)
    assert [change for change in life.stack.answer("up")["changes"] if change["action"] != "none"] == []
    assert changes(before, things(life.engine)) == []


@pytest.mark.parametrize("how", ["killed", "removed", "stopped"])
def test_repaired(life: Life, how: str) -> None:
    """What is taken away behind the stack's back is shown by `status`, and `up` repairs it with its data."""
    life.rows(f"create table {how} as select 41 as n")
    database = life.containers("database")[0]["Id"]
    if how == "killed":
        life.engine.kill(database)
    elif how == "stopped":
        life.engine.stop(database, timeout=10)
    else:
        life.engine.remove_container(database, force=True)
    shown = until(
        lambda: [
            c
            for c in life.stack.answer("status", codes=(0, 1))["components"]
            if c["state"] != "up" and c["id"] == "database"
        ]
    )
    assert shown[0]["state"] in ("down", "failed"), shown
    changed = life.stack.answer("up")["changes"]
    assert [change["what"] for change in changed if change["action"] != "none"] == ["database"]
    assert "rows: [41]" in life.rows(f"select n from {how}")
    life.stack.stack("status")


def test_a_volume_removed(life: Life) -> None:
    """A database whose volume was taken away is made anew; `up` says who misses its tables, and its hint helps."""
    database = life.containers("database")[0]
    life.engine.remove_container(database["Id"], force=True)
    life.engine.remove_volume(next(m["Name"] for m in database["Mounts"] if m["Type"] == "volume"))
    assert "down" in life.stack.stack("up", code=1)
    life.stack.stack("down", "--keep-data", "--keep-images")
    life.stack.stack("up")
    assert "rows: [42]" in life.rows("select 42")


def test_nothing_is_left(life: Life) -> None:
    """After `down` the engine has what it had before: ours gone, images too, and nobody else's touched."""
    said = life.stack.down()
    assert "nothing left" in said
    assert changes(life.before, things(life.engine)) == []
    states = {one["Names"][0]: one["State"] for one in life.engine.containers(all=True)}
    assert set(states.values()) == {"running"}, states
    mine = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert life.stack.name not in mine
