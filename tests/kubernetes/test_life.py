"""The demo's nine layers in a cluster, from `up` to `down`, beside things of somebody else."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

import cluster as clusters
from clusterstack import Clustered, clustered, somebody_else, things_of
from dockerstack import DEMO
from exposure import Search
from livestack import until

LIBRARIES, SECOND = {"data-versioning"}, {"model-registry"}  # on this machine; done by another layer's component
ROWS = """
import sys, psycopg
with psycopg.connect(autocommit=True) as connection:
    done = connection.execute(sys.argv[1])
    print("rows:", [row[0] for row in done] if done.description else None)
"""


@pytest.fixture(scope="module")
def life(cluster: clusters.Reached, engine: docker.APIClient, place: Path) -> Iterator[Clustered]:
    """Brought up once; `down` is the last test's, or the fixture's if that is not reached."""
    with (
        somebody_else(cluster),
        clustered(place, "life", DEMO["layers"], cluster, jobs=DEMO["jobs"], patience=1700) as stack,
    ):
        stack.stack("up")
        yield stack


def rows(stack: Clustered, sql: str) -> str:
    """What the database answers to a job."""
    return stack.stack("exec", "--", "python", "-c", ROWS, sql)


def test_the_lifecycle_passes(life: Clustered) -> None:
    """`stack smoke` probes every wire and runs its pipeline through all nine layers: every step passed."""
    said = life.answer("smoke")
    states = [(step["state"], step["layer"], step["name"], step["detail"]) for step in said["steps"]]
    assert len([state for state, *_ in states if state == "passed"]) >= len(DEMO["layers"]), states
    assert all(detail.startswith("the stack has no") for state, *_, detail in states if state != "passed"), states


def test_jobs_leave_no_credentials(life: Clustered) -> None:
    """What a job was told is gone from the pod that ran it, and what the job made is here."""
    find = ["find", str(life.root / "jobs"), "-name", "stack-job*", "-o", "-name", "job-*.json*"]
    pod = life.pod("orchestration")
    worker = pod["spec"]["containers"][-1]["name"]
    assert life.kubectl("exec", pod["metadata"]["name"], "--container", worker, "--", *find).strip() == ""
    assert life.kubectl("exec", pod["metadata"]["name"], "--container", worker, "--", "ls", str(life.root / "jobs/lib"))


def test_every_verb_is_spoken(life: Clustered) -> None:
    """`--pipeline layers` speaks all verbs of every layer of the stack."""
    said = life.answer("smoke", "--pipeline", "layers")
    assert not [step for step in said["steps"] if step["state"] == "failed"]
    spoken = {step["layer"] for step in said["steps"] if step["state"] == "passed"}
    assert spoken >= set(DEMO["layers"]) - LIBRARIES - SECOND - {"orchestration"}


def test_nothing_to_do(life: Clustered) -> None:
    """A second `up` finds everything as it should be."""
    before = life.revisions()
    assert "nothing had to change" in life.stack("up") or "0 changes" in life.stack("up")
    assert life.revisions() == before


def test_how_pods_run(life: Clustered) -> None:
    """As an ordinary user without a capability or a token, with one container a process of the recipe."""
    shown = life.processes()
    pods = life.get("pods")["items"]
    assert sum(len(pod["spec"]["containers"]) for pod in pods) == len(shown)
    for pod in pods:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsUser"] == 10001 and spec["securityContext"]["runAsNonRoot"] is True
        for container in (*spec["initContainers"], *spec["containers"]):
            security = container["securityContext"]
            assert security["capabilities"] == {"drop": ["ALL"]} and security["allowPrivilegeEscalation"] is False


def test_secrets_are_in_secrets(life: Clustered) -> None:
    """No secret is in the state, the rendered files, Helm's records, the logs or a pod's description."""
    search = Search(json.loads((life.root / "secrets.json").read_text()))
    assert search.files(life.root / "terraform", life.root / "plan.json", life.root / "logs") == {}
    for record in life.get("secrets", "--selector=owner=helm")["items"]:
        release = gzip.decompress(base64.b64decode(base64.b64decode(record["data"]["release"])))
        assert search(release) == set(), record["metadata"]["name"]
    for kind in ("pods", "configmaps", "statefulsets", "deployments", "services", "events"):
        assert search(life.kubectl("get", kind, "--output=yaml")) == set(), kind


def test_a_pod_is_deleted(life: Clustered) -> None:
    """`status` shows it, `up` waits until it is back, and the data are where they were."""
    rows(life, "create table kept (n int)")
    rows(life, "insert into kept values (42)")
    life.kubectl("delete", "pod", "database-0", "--wait=false")
    shown = until(
        lambda: [p for n, p in life.processes().items() if n.startswith("database/") and p["state"] != "up"], 10
    )
    assert "pod" in shown[0]["reason"] or "waits" in shown[0]["reason"]

    life.stack("up")
    assert "rows: [42]" in rows(life, "select n from kept")


@pytest.mark.parametrize(("kind", "name"), [("statefulset", "experiment-tracking"), ("service", "storage")])
def test_what_helm_made_is_deleted(life: Clustered, kind: str, name: str) -> None:
    """Neither Helm nor Terraform would notice; `status` says what is gone, and `up` makes it anew by one upgrade."""
    before = life.revisions()
    life.kubectl("delete", kind, name)
    [shown] = [p for n, p in life.processes().items() if n.startswith(f"{name}/")][:1]
    assert shown["state"] != "up" and f"its {kind} is gone" == shown["reason"].lower()

    life.stack("up")
    after = life.revisions()
    assert {other for other in after if after[other] != before[other]} == {name}
    assert life.answer("smoke")["steps"]


def test_the_forwarder_is_killed(life: Clustered) -> None:
    """The keeper starts it again, and what is in the cluster is reached as before."""
    [pid] = [proc.pid for proc in life.marked() if "forward" in Path(f"/proc/{proc.pid}/cmdline").read_text()
             and "stackwright.places" in Path(f"/proc/{proc.pid}/cmdline").read_text()]  # fmt: skip
    os.kill(pid, 9)
    until(lambda: "rows: [42]" in _quietly(life), 30)


def _quietly(life: Clustered) -> str:
    try:
        return rows(life, "select n from kept")
    except AssertionError:
        return ""


def test_one_setting_is_one_upgrade(life: Clustered) -> None:
    """Another number of workers changes that component's release, once, and nobody else's pod."""
    before, pods = life.revisions(), {pod["metadata"]["uid"] for pod in life.get("pods")["items"]}
    tool = {"tool": "mlflow", "settings": {"workers": 2}}
    life.write(DEMO["layers"] | {"experiment-tracking": tool, "model-registry": tool})

    life.stack("up")

    after = life.revisions()
    assert after == before | {"experiment-tracking": before["experiment-tracking"] + 1}
    new = {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in life.get("pods")["items"]}
    assert [name for uid, name in new.items() if uid not in pods] == ["experiment-tracking-0"]


def test_logs(life: Clustered) -> None:
    """What a component wrote is shown."""
    assert "database system is ready" in life.stack("logs", "database")


def test_data_are_kept(life: Clustered, cluster: clusters.Reached) -> None:
    """`down --keep-data` leaves the namespace with nothing but the claims; the next `up` has the data again."""
    said = life.down("--keep-data", "--keep-images")
    assert "nothing left" in said
    kinds = {thing.partition(" ")[0] for thing in things_of(cluster, life.id)}
    assert kinds <= {"Namespace", "PersistentVolumeClaim", "PersistentVolume", "ConfigMap", "ServiceAccount"}, kinds
    assert "PersistentVolumeClaim" in kinds
    life.stack("up")
    assert "rows: [42]" in rows(life, "select n from kept")


def test_nothing_is_left(life: Clustered, cluster: clusters.Reached) -> None:
    """After `down`, which names what it looked at, nothing is left in any namespace or of the cluster: volumes neither.

    A finalizer whose owner is nobody does not stop it.
    """
    finalizer = json.dumps({"metadata": {"finalizers": ["example.com/nobody"]}})
    life.kubectl("patch", "configmap", "kube-root-ca.crt", "--type=merge", "--patch", finalizer)
    name = life.id
    said = life.down()
    assert "nothing left" in said and "kinds in the cluster" in said
    assert things_of(cluster, name) == []
