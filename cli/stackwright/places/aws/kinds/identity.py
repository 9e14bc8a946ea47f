"""Roles and what hangs on them, keys and secrets. IAM is in no region, and the tagging API does not know it."""

from __future__ import annotations

from collections.abc import Iterator

from stackwright.places.aws.kinds.kind import Kind, by, ours, telling
from stackwright.places.aws.session import Client, absent, pages


def _roles(iam: Client, stack: str) -> Iterator[str]:
    for one in pages(iam, "list_roles", "Roles"):
        # A role that a service made for itself is not ours, and there are many.
        if not one["Path"].startswith("/aws-service-role/") and _tagged(
            iam, stack, "list_role_tags", RoleName=one["RoleName"]
        ):
            yield one["RoleName"]


def _profiles(iam: Client, stack: str) -> Iterator[str]:
    for one in pages(iam, "list_instance_profiles", "InstanceProfiles"):
        name = one["InstanceProfileName"]
        if ours(stack, iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags")):
            yield name


def _policies(iam: Client, stack: str) -> Iterator[str]:
    for one in pages(iam, "list_policies", "Policies", Scope="Local"):
        if _tagged(iam, stack, "list_policy_tags", PolicyArn=one["Arn"]):
            yield one["Arn"]


def _issuers(iam: Client, stack: str) -> Iterator[str]:
    for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        if _tagged(iam, stack, "list_open_id_connect_provider_tags", OpenIDConnectProviderArn=one["Arn"]):
            yield one["Arn"]


def _tagged(iam: Client, stack: str, operation: str, **which: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        return ours(stack, list(pages(iam, operation, "Tags", **which)))
    except ClientError as error:  # somebody removed it meanwhile
        if absent(error):
            return False
        raise


def _remove_role(iam: Client, name: str) -> None:
    for one in pages(iam, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=name):
        iam.remove_role_from_instance_profile(InstanceProfileName=one["InstanceProfileName"], RoleName=name)
    for one in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        iam.detach_role_policy(RoleName=name, PolicyArn=one["PolicyArn"])
    for policy in pages(iam, "list_role_policies", "PolicyNames", RoleName=name):
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def _remove_profile(iam: Client, name: str) -> None:
    for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=name)


def _remove_policy(iam: Client, arn: str) -> None:
    """Not from what somebody else has attached it to: then it stays, and its name is told."""
    for version in pages(iam, "list_policy_versions", "Versions", PolicyArn=arn):
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def _keys(kms: Client, stack: str) -> Iterator[str]:
    for one in pages(kms, "list_keys", "Keys"):
        known = kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]
        # Amazon's own have no tags to ask for; one that is on its way out costs nothing any more.
        if known.get("KeyManager") == "AWS" or known["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            continue
        if ours(stack, list(pages(kms, "list_resource_tags", "Tags", KeyId=one["KeyId"]))):
            yield one["KeyId"]


KINDS = (
    Kind("instance profile", "iam", "iam:instance-profile", _profiles, _remove_profile, everywhere=True),
    Kind("role", "iam", "iam:role", _roles, _remove_role, everywhere=True),
    Kind("policy", "iam", "iam:policy", _policies, _remove_policy, everywhere=True),
    Kind(
        "OIDC provider",
        "iam",
        "iam:oidc-provider",
        _issuers,
        by("delete_open_id_connect_provider", "OpenIDConnectProviderArn"),
        everywhere=True,
    ),
    Kind(
        "secret",
        "secretsmanager",
        "secretsmanager:secret",
        telling("list_secrets", "SecretList", "ARN", "Tags"),
        by("delete_secret", "SecretId", ForceDeleteWithoutRecovery=True),
    ),
    # There is no way to be rid of a key at once: AWS keeps it for at least a week.
    Kind("key", "kms", "kms:key", _keys, by("schedule_key_deletion", "KeyId", PendingWindowInDays=7)),
)
