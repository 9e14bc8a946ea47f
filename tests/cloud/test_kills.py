"""Kill -9 in the middle of an apply, then teardown: nothing is left, wherever the state lay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import awsemulator
from awsemulator import REGION, Aws, engine_of
from stackwright.operations import clouds
from stackwright.places.aws import Aws as Cloud
from stackwright.runtime import journal, process
from stackwright.runtime.workspace import Workspace

BUCKET = "awstest-state"
S3 = f"""\
terraform {{
  backend "s3" {{
    bucket         = "{BUCKET}"
    key            = "cluster.tfstate"
    region         = "{REGION}"
    use_lockfile   = true
    use_path_style = true
  }}
}}
"""
MANY = 20  # resources that have been made when it dies: the network is there, the cluster may be in flight


def applied_until(workspace: Workspace, count: int) -> subprocess.Popen[bytes]:
    """A command that applies, after so many resources have been made."""
    words = [sys.executable, awsemulator.__file__, "apply", str(workspace.root)]
    with (workspace.root / "client.log").open("wb") as said:
        client = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
    log = workspace.root / "logs" / "terraform-apply.jsonl"
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and client.poll() is None:
        if log.is_file() and log.read_text(errors="replace").count('"type":"apply_complete"') >= count:
            return client
        time.sleep(0.05)
    raise AssertionError((workspace.root / "client.log").read_text())


def terraforms(workspace: Workspace) -> list[process.Identity]:
    """Those that the command has started."""
    entries = journal.read(workspace.journal_dir / "client.jsonl")
    return [one for one, entry in journal.identities(entries).items() if entry["kind"] == "terraform"]


@pytest.mark.parametrize("backend", ["local", "s3"])
def test_command_and_terraform_are_killed(aws: Aws, made: Callable[..., Workspace], backend: str) -> None:
    """With S3 no state was written and a lock is held, with a file it lacks what was in flight: nothing stays."""
    aws.client("s3").create_bucket(Bucket=BUCKET)
    workspace = made(f"killed-{backend}", S3 if backend == "s3" else "")
    engine_of(workspace.root).init()
    client = applied_until(workspace, MANY)
    for one in process.family(terraforms(workspace)):
        process.send(one, signal.SIGKILL)
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    assert len(Cloud().things(workspace.id, REGION)) >= 8
    if backend == "s3":
        assert "cluster.tfstate.tflock" in keys(aws)

    said: list[str] = []
    engine = engine_of(workspace.root, lambda _what, phase, _text: said.append(phase))
    gone = clouds.take_down(engine, Cloud(), workspace.id, REGION, lambda _event: None)
    assert gone.left == ()
    assert len(gone.swept) + len(gone.destroyed) >= 8
    if backend == "s3":
        assert gone.destroyed == ()  # Terraform says that there was nothing, and succeeds
        assert "unlocking" in said
        assert "cluster.tfstate.tflock" not in keys(aws)
    nothing_is_there(aws)


def test_only_the_command_is_killed(aws: Aws, made: Callable[..., Workspace], tmp_path: Path) -> None:
    """Its Terraform works on; it is stopped before anything is looked for, or it would go on making things."""
    workspace = made("orphaned")
    engine_of(workspace.root).init()
    client = applied_until(workspace, MANY)
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    assert any(map(process.alive, terraforms(workspace)))
    gone = clouds.take_down(engine_of(workspace.root), Cloud(), workspace.id, REGION, lambda _event: None)
    assert not any(map(process.alive, terraforms(workspace)))
    assert gone.left == ()
    nothing_is_there(aws)


def keys(aws: Aws) -> list[str]:
    """What lies in the bucket of the state."""
    return [one["Key"] for one in aws.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())]


def nothing_is_there(aws: Aws) -> None:
    """By the emulator's own word, whatever tags it has."""
    ec2 = aws.client("ec2")
    assert aws.client("eks").list_clusters()["clusters"] == []
    assert [one for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]] == []
    assert [one for one in ec2.describe_subnets()["Subnets"] if not one["DefaultForAz"]] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
