"""Cloud services as parts of a stack: the product's own modules, unchanged, with HashiCorp's provider."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from awsemulator import MODULES, REGION, Aws
from stackwright.engine.find import find_terraform
from stackwright.operations import clouds
from stackwright.places.aws import Aws as Cloud

STACK = "services-abc123"
PASSWORD = "Zq7Ue2Lk9Vb4Nw6Tr1Xs"
ROOT = f"""\
terraform {{
  required_providers {{
    aws = {{
      source = "hashicorp/aws"
    }}
  }}
}}
provider "aws" {{
  region                      = "{REGION}"
  s3_use_path_style           = true
  skip_credentials_validation = true
}}
"""
NETWORK = {"vpc": "vpc-0123456789abcdef0", "subnets": ["subnet-a", "subnet-b"], "reached_from": ["10.64.0.0/16"]}
# What moto does not give back as it was given.
OVERRIDES = {
    "aws-rds-postgres": {"aws_db_parameter_group": "[parameter]"},
    "aws-sagemaker-endpoint": {
        "aws_sagemaker_model": "[vpc_config, primary_container, enable_network_isolation]",
        "aws_sagemaker_endpoint_configuration": "[data_capture_config, production_variants]",
    },
}
RENDERED = {
    "aws-elasticache-redis": NETWORK,
    "aws-msk": NETWORK,
    "aws-emr": {"vpc": NETWORK["vpc"], "subnet": "subnet-a"},
}


class Project:
    """A root with one module, driven by plain Terraform."""

    def __init__(self, folder: Path, module: str, values: dict[str, object]) -> None:
        self.folder, self.module = folder, module
        call = {"source": f"./{module}", "stack": STACK, "component": "it", **values}
        folder.mkdir()
        (folder / module).mkdir()
        (folder / module / "main.tf").write_text((MODULES / module / "main.tf").read_text())
        override = "".join(
            f'resource "{kind}" "this" {{\n  lifecycle {{\n    ignore_changes = {what}\n  }}\n}}\n'
            for kind, what in OVERRIDES.get(module, {}).items()
        )
        (folder / module / "moto_override.tf").write_text(override)
        (folder / "main.tf").write_text(ROOT)
        (folder / "module.tf.json").write_text(json.dumps({"module": {"it": call}}))
        mirror = json.dumps(os.environ["STACK_PROVIDER_MIRROR"])
        (folder / "rc").write_text(f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n")

    def run(self, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        more = {"TF_CLI_CONFIG_FILE": str(self.folder / "rc"), "CHECKPOINT_DISABLE": "1", **(env or {})}
        return subprocess.run(
            [*find_terraform().command, *words, "-no-color"],
            cwd=self.folder,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *words: str, env: dict[str, str] | None = None) -> str:
        """A command that has to succeed."""
        done = self.run(*words, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def settles_and_goes(project: Project, env: dict[str, str] | None = None) -> None:
    """Planned again without a change; and whatever it made has the tag by which a sweep finds it."""
    done = project.run("plan", "-input=false", "-detailed-exitcode", env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bucket(aws: Aws, tmp_path: Path) -> None:
    """Private, encrypted, versioned; what does not come over TLS is refused (as the emulator has none); swept."""
    from botocore.exceptions import ClientError

    project = Project(tmp_path / "s3", "aws-s3", {"region": REGION})
    project.must("init", "-input=false")
    project.must("apply", "-auto-approve", "-input=false")
    settles_and_goes(project)
    s3, name = aws.client("s3"), f"{STACK}-it"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=name, Key="model", Body=b"1")
    assert {thing.kind for thing in Cloud().things(STACK, REGION)} == {"bucket", "policy"}
    clouds.sweep(Cloud(), STACK, REGION, lambda _event: None)
    assert s3.list_buckets()["Buckets"] == []
    assert Cloud().things(STACK, REGION) == []


def test_repositories(aws: Aws, tmp_path: Path) -> None:
    """Made, settled, destroyed."""
    project = Project(tmp_path / "ecr", "aws-ecr", {"repositories": ["jobs", "serving"]})
    project.must("init", "-input=false")
    project.must("apply", "-auto-approve", "-input=false")
    settles_and_goes(project)
    assert [thing.kind for thing in Cloud().things(STACK, REGION)] == ["repository"] * 2
    project.must("destroy", "-auto-approve", "-input=false")
    assert Cloud().things(STACK, REGION) == []


def test_database(aws: Aws, tmp_path: Path) -> None:
    """The demo's database as RDS: made encrypted and private, and its password is in no state and no plan."""
    ec2 = aws.client("ec2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    values = {"vpc": network, "subnets": subnets, "reached_from": ["10.64.0.0/16"], "password": "${var.password}"}
    project = Project(tmp_path / "rds", "aws-rds-postgres", values)
    (project.folder / "variables.tf").write_text('variable "password" {\n  type = string\n  ephemeral = true\n}\n')
    (project.folder / "outputs.tf").write_text('output "endpoint" {\n  value = module.it.endpoint\n}\n')
    given = {"TF_VAR_password": PASSWORD}
    project.must("init", "-input=false")
    project.must("apply", "-auto-approve", "-input=false", env=given)
    settles_and_goes(project, given)
    (made,) = aws.client("rds").describe_db_instances()["DBInstances"]
    assert made["StorageEncrypted"] and not made["PubliclyAccessible"]
    endpoint = json.loads(project.must("output", "-json"))["endpoint"]["value"]
    assert set(endpoint) == {"host", "port", "database", "username"} and endpoint["port"] == 5432
    project.must("plan", "-out=plan", "-input=false", env=given)
    for file in (project.folder / "terraform.tfstate", project.folder / "plan"):
        assert PASSWORD.encode() not in file.read_bytes()
    assert PASSWORD not in project.must("show", "-json", "plan")
    clouds.sweep(Cloud(), STACK, REGION, lambda _event: None)
    assert Cloud().things(STACK, REGION) == []


def test_model_endpoint(aws: Aws, tmp_path: Path) -> None:
    """Model, configuration and endpoint: made, settled, swept."""
    image = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/serving:1"
    project = Project(
        tmp_path / "sm",
        "aws-sagemaker-endpoint",
        {"region": REGION, "image": image, "model": "s3://models/a/model.tar.gz"},
    )
    project.must("init", "-input=false")
    project.must("apply", "-auto-approve", "-input=false")
    settles_and_goes(project)
    kinds = {thing.kind for thing in Cloud().things(STACK, REGION)}
    assert kinds == {"model endpoint", "endpoint configuration", "model", "role", "log group"}
    clouds.sweep(Cloud(), STACK, REGION, lambda _event: None)
    assert Cloud().things(STACK, REGION) == []


@pytest.mark.parametrize("module", sorted(RENDERED))
def test_rendered_and_validated(aws: Aws, tmp_path: Path, module: str) -> None:
    """Those that the emulator does not finish: valid by the provider's own schema, and planned."""
    project = Project(tmp_path / "it", module, RENDERED[module])
    project.must("init", "-input=false")
    project.must("validate")
    assert "0 to change, 0 to destroy" in project.must("plan", "-input=false")
