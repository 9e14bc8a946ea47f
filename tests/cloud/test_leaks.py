"""Things of a stack that Terraform knows nothing of: found, named, removed. Somebody else's are not touched."""

from __future__ import annotations

from collections.abc import Callable

from awsemulator import REGION, Aws
from stackwright.operations import clouds
from stackwright.places.aws import Aws as Cloud
from stackwright.places.cloud import Thing

STACK = "leaky-abc123"
TAG = {"Key": "stackwright.stack", "Value": STACK}
ALLOWED = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}'
)
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def spec(kind: str, tag: dict[str, str] = TAG) -> list[dict[str, object]]:
    """EC2's way of saying tags."""
    return [{"ResourceType": kind, "Tags": [tag]}]


def plant(aws: Aws) -> dict[str, str]:
    """Ten and more kinds, most of which the tagging API does not tell of; the name by which each is known."""
    ec2, iam = aws.client("ec2"), aws.client("iam")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="leak",
        LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
        TagSpecifications=spec("launch-template"),
    )["LaunchTemplate"]
    planted = {
        "launch template": template["LaunchTemplateId"],
        "elastic ip": ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"],
        "volume": ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=spec("volume"))[
            "VolumeId"
        ],
        "network interface": ec2.create_network_interface(SubnetId=subnet, TagSpecifications=spec("network-interface"))[
            "NetworkInterface"
        ]["NetworkInterfaceId"],
        "security group": ec2.create_security_group(
            GroupName="leak", Description="leak", TagSpecifications=spec("security-group")
        )["GroupId"],
        "instance": ec2.run_instances(
            ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=spec("instance")
        )["Instances"][0]["InstanceId"],
        "role": iam.create_role(RoleName="leak", AssumeRolePolicyDocument=TRUST, Tags=[TAG])["Role"]["RoleName"],
        "instance profile": iam.create_instance_profile(InstanceProfileName="leak", Tags=[TAG])["InstanceProfile"][
            "InstanceProfileName"
        ],
        "policy": iam.create_policy(PolicyName="leak", PolicyDocument=ALLOWED, Tags=[TAG])["Policy"]["Arn"],
        "OIDC provider": iam.create_open_id_connect_provider(
            Url="https://oidc.eks.us-east-1.amazonaws.com/id/LEAK", ThumbprintList=["0" * 40], Tags=[TAG]
        )["OpenIDConnectProviderArn"],
        "repository": aws.client("ecr").create_repository(repositoryName="leak", tags=[TAG])["repository"][
            "repositoryName"
        ],
    }
    iam.add_role_to_instance_profile(InstanceProfileName="leak", RoleName="leak")
    iam.attach_role_policy(RoleName="leak", PolicyArn=planted["policy"])
    planted["snapshot"] = ec2.create_snapshot(VolumeId=planted["volume"], TagSpecifications=spec("snapshot"))[
        "SnapshotId"
    ]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="leak")
    s3.put_bucket_tagging(Bucket="leak", Tagging={"TagSet": [TAG]})
    s3.put_bucket_versioning(Bucket="leak", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="leak", Key="model", Body=b"1")
    s3.put_object(Bucket="leak", Key="model", Body=b"2")
    planted["bucket"] = "leak"
    aws.client("logs").create_log_group(logGroupName="/leak", tags={TAG["Key"]: TAG["Value"]})
    planted["log group"] = "/leak"
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="leak",
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]},
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
        Tags=[{**TAG, "PropagateAtLaunch": True}],
    )
    planted["autoscaling group"] = "leak"
    spark = aws.client("emr").run_job_flow(
        Name="leak",
        ReleaseLabel="emr-7.0.0",
        Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
        JobFlowRole="leak",
        ServiceRole="leak",
        Tags=[TAG],
    )
    planted["Spark cluster"] = spark["JobFlowId"]
    planted["secret"] = aws.client("secretsmanager").create_secret(Name="leak", SecretString="x", Tags=[TAG])["ARN"]
    planted["key"] = aws.client("kms").create_key(Tags=[{"TagKey": TAG["Key"], "TagValue": TAG["Value"]}])[
        "KeyMetadata"
    ]["KeyId"]
    return planted


def test_planted_leaks_are_found_and_named(aws: Aws) -> None:
    """Each of them, by kind and name, before and by the sweep; then a fresh listing has none."""
    planted, cloud = plant(aws), Cloud()
    assert len(planted) >= 10
    found = cloud.things(STACK, REGION)
    assert {(thing.kind, thing.name) for thing in found} >= set(planted.items())
    told: list[str] = []
    swept = clouds.sweep(cloud, STACK, REGION, lambda event: told.append(event.component))
    assert set(planted.values()) <= set(told)
    assert {thing: why for thing, why in swept.items() if why} == {}
    assert cloud.things(STACK, REGION) == []


def test_somebody_elses_is_not_touched(aws: Aws) -> None:
    """Another stack's, one without a tag, and one whose tag only looks like ours, beside ours."""
    ec2, iam, s3 = aws.client("ec2"), aws.client("iam"), aws.client("s3")
    other = {"Key": "stackwright.stack", "Value": "leaky-abc124"}
    volumes = [
        ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=spec("volume", tag))["VolumeId"]
        for tag in (other, {"Key": "stackwright.stack", "Value": f"{STACK}-2"}, {"Key": "stack", "Value": STACK})
    ]
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=TRUST, Tags=[other])
    iam.create_role(RoleName=f"{STACK}-cluster", AssumeRolePolicyDocument=TRUST)  # named like ours, without the tag
    s3.create_bucket(Bucket="theirs")
    ours = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=spec("volume"))["VolumeId"]
    assert {thing.name for thing in clouds.sweep(Cloud(), STACK, REGION, lambda _event: None)} == {ours}
    assert sorted(one["VolumeId"] for one in ec2.describe_volumes()["Volumes"] if one["VolumeId"] in volumes) == sorted(
        volumes
    )
    assert {one["RoleName"] for one in iam.list_roles()["Roles"]} == {"theirs", f"{STACK}-cluster"}
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["theirs"]


def test_what_cannot_be_removed_is_left_and_named(aws: Aws, monkeypatch) -> None:
    """A network in which somebody else has a subnet stays; it is said which, and why: teardown is no success then."""
    monkeypatch.setattr(clouds, "_PAUSE", 0.0)
    ec2 = aws.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]
    theirs = ec2.create_subnet(VpcId=network, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]  # without our tag
    gone = clouds.take_down(None, Cloud(), STACK, REGION, lambda _event: None)
    assert [(one.kind, one.what) for one in gone.left] == [("vpc", network)]
    assert "DependencyViolation" in gone.left[0].detail
    assert ec2.describe_subnets(SubnetIds=[theirs])["Subnets"]


def test_a_kind_that_cannot_be_listed_proves_nothing(aws: Aws, monkeypatch) -> None:
    """Where a service refuses to list, nobody knows what is there: that is left over, and not passed over."""
    from stackwright.places.aws import census

    def refused(_client: object, _stack: str):
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not for you"}}, "ListThings")

    blind: Callable[..., object] = refused
    kinds = tuple(kind._replace(listed=blind) if kind.name == "role" else kind for kind in census.KINDS)
    monkeypatch.setattr(census, "KINDS", kinds)
    assert Cloud().things(STACK, REGION) == [Thing(census.UNSEEN, "role: AccessDenied: not for you", "us-east-1")]
