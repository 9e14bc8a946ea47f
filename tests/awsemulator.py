"""AWS for tests: moto's server in an environment of its own, and recorded answers where it has none.

    awsemulator.py apply FOLDER      apply the cluster's root of the workspace FOLDER, as a command that can be killed

The provider is HashiCorp's own; where its mirror is, STACK_TEST_AWS_MIRROR says, else it is looked for.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PACKAGE = "moto[all,server]==5.2.5"
REGION = "us-east-1"
MODULES = Path(__file__).parents[1] / "modules"
# What moto does not echo. Test-only: the module itself is not touched.
OVERRIDE = """\
resource "aws_eks_cluster" "this" {
  lifecycle { ignore_changes = [access_config] }
}
resource "aws_eks_node_group" "pool" {
  lifecycle { ignore_changes = [scaling_config[0].desired_size, remote_access, update_config] }
}
resource "aws_launch_template" "pool" {
  lifecycle { ignore_changes = [tag_specifications] }
}
"""
_PLUGIN = "terraform-provider-aws*"
_USUAL = ("/opt", "/usr/share/terraform", "/usr/local/share/terraform")


@cache
def mirror() -> Path | None:
    """The filesystem mirror that has the provider; None where there is none."""
    named = os.environ.get("STACK_TEST_AWS_MIRROR") or os.environ.get("STACK_PROVIDER_MIRROR")
    places = [Path(named)] if named else [*map(Path, _USUAL), Path.home() / ".terraform.d" / "plugins"]
    for place in places:
        # <mirror>/<host>/hashicorp/aws/<version>/<platform>/terraform-provider-aws_v…
        found = next(iter(sorted(place.glob(f"**/hashicorp/aws/*/*/{_PLUGIN}"))), None) if place.is_dir() else None
        if found:
            return found.parents[5]
    return None


def missing() -> str | None:
    """Why AWS cannot be had here, or None."""
    if mirror() is None:
        return "the provider `hashicorp/aws` has no mirror here: name its folder in STACK_TEST_AWS_MIRROR"
    return None


def environment(folder: Path) -> Path:
    """Moto where nothing of ours is, installed by uv."""
    python = folder / "bin" / "python"
    if not python.is_file():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "-q", folder], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, PACKAGE], check=True)
    return python


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Aws:
    """An account that is here."""

    def __init__(self, url: str, quotas: Quotas) -> None:
        self.url, self.quotas = url, quotas

    def variables(self) -> dict[str, str]:
        """What makes Terraform and the SDK speak to it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_SERVICE_QUOTAS": self.quotas.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "STACK_PROVIDER_MIRROR": str(mirror()),
        }

    def reset(self) -> None:
        """As on the first day; nobody is refused."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")).close()

    def client(self, service: str, region: str = REGION):
        """The SDK, to plant things and to look."""
        import boto3

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=self.url, **keys)


class Quotas:
    """Service Quotas as it answered once, with the number that a test wants; moto does not have these quotas."""

    def __init__(self) -> None:
        self.limits = {"L-DB2E81BA": 64.0, "L-1216C47A": 640.0, "L-417A185B": 0.0}
        self.asked: list[str] = []
        quotas = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                quotas.asked.append(wanted["QuotaCode"])
                body = json.dumps(quotas.answer(wanted["QuotaCode"])).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, code: str) -> dict[str, object]:
        """In the words of `aws service-quotas get-service-quota`."""
        return {
            "Quota": {
                "ServiceCode": "ec2",
                "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
                "QuotaArn": f"arn:aws:servicequotas:{REGION}:123456789012:ec2/{code}",
                "QuotaCode": code,
                "QuotaName": "Running On-Demand instances",
                "Value": self.limits[code],
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }
        }

    def close(self) -> None:
        """No more answers."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running(folder: Path) -> Iterator[Aws]:
    """An account with nothing in it."""
    python, port, quotas = environment(folder / "moto"), free_port(), Quotas()
    env = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    with (folder / "moto.log").open("wb") as log:
        words = [python.with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(words, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        aws = Aws(f"http://127.0.0.1:{port}", quotas)
        _await(aws, server)
        yield aws
    finally:
        server.terminate()
        server.wait(20)
        quotas.close()
        shutil.rmtree(folder / "moto", ignore_errors=True)


def _await(aws: Aws, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{aws.url}/moto-api/data.json", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("moto did not come up")


def override(root: Path) -> None:
    """Put what moto needs beside the module that was rendered into a root."""
    (root / "modules" / "cluster-aws-eks" / "moto_override.tf").write_text(OVERRIDE)


def engine_of(workspace: Path, told: Callable[[str, str, str], None] = lambda *_said: None):
    """What `stack` drives a cluster's root with."""
    from stackwright.engine.cloud import CloudEngine

    return CloudEngine(workspace, workspace / "terraform-cluster", told)


if __name__ == "__main__" and sys.argv[1] == "apply":
    engine_of(Path(sys.argv[2])).apply()
