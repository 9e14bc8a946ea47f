"""Networks and what lies in them; also what makes every kind of EC2 alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from stackwright.places.aws.kinds.kind import Kind, by, tags_of
from stackwright.places.aws.session import Client, pages, wait


def ec2(
    name: str, operation: str, key: str, id_: str, remove: Callable[[Client, str], None], *, gone: tuple[str, ...] = ()
) -> Kind:
    """A kind that EC2 finds by its tags; in a state of `gone` it is there to be looked at only."""

    def listed(client: Client, stack: str) -> Iterator[str]:
        found: dict[str, None] = {}
        for tag, value in tags_of(stack).items():
            for one in pages(client, operation, key, Filters=[{"Name": f"tag:{tag}", "Values": [value]}]):
                if _state(one) not in gone:
                    found[one[id_]] = None
        yield from found

    return Kind(name, "ec2", f"ec2:{name.replace(' ', '-')}", listed, remove)


def _state(one: dict[str, Any]) -> str:
    return str(one.get("State") or one.get("state") or "")


def _remove_gateway(client: Client, name: str) -> None:
    client.delete_nat_gateway(NatGatewayId=name)
    wait(client, "nat_gateway_deleted", NatGatewayIds=[name])


def _remove_internet_gateway(client: Client, name: str) -> None:
    for one in client.describe_internet_gateways(InternetGatewayIds=[name])["InternetGateways"]:
        for attached in one["Attachments"]:
            client.detach_internet_gateway(InternetGatewayId=name, VpcId=attached["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=name)


def _remove_interface(client: Client, name: str) -> None:
    for one in client.describe_network_interfaces(NetworkInterfaceIds=[name])["NetworkInterfaces"]:
        if attached := one.get("Attachment"):
            client.detach_network_interface(AttachmentId=attached["AttachmentId"], Force=True)
            wait(client, "network_interface_available", NetworkInterfaceIds=[name])
    client.delete_network_interface(NetworkInterfaceId=name)


def _remove_address(client: Client, name: str) -> None:
    for one in client.describe_addresses(AllocationIds=[name])["Addresses"]:
        if "AssociationId" in one:
            client.disassociate_address(AssociationId=one["AssociationId"])
    client.release_address(AllocationId=name)


def _remove_table(client: Client, name: str) -> None:
    for one in client.describe_route_tables(RouteTableIds=[name])["RouteTables"]:
        for association in one["Associations"]:
            if not association.get("Main"):
                client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    client.delete_route_table(RouteTableId=name)


def _remove_group(client: Client, name: str) -> None:
    """Its rules first: two groups that name each other could not go otherwise."""
    for one in client.describe_security_groups(GroupIds=[name])["SecurityGroups"]:
        if one["IpPermissions"]:
            client.revoke_security_group_ingress(GroupId=name, IpPermissions=one["IpPermissions"])
        if one["GroupName"] == "default":
            return  # it goes with its network
    client.delete_security_group(GroupId=name)


def _groups(client: Client, stack: str) -> Iterator[str]:
    """Without those that every network has: they cannot be removed, and go with it."""
    for name in _GROUPS.listed(client, stack):
        found = client.describe_security_groups(GroupIds=[name])["SecurityGroups"]
        if any(one["GroupName"] != "default" for one in found):
            yield name


def _remove_endpoint(client: Client, name: str) -> None:
    client.delete_vpc_endpoints(VpcEndpointIds=[name])


_GROUPS = ec2("security group", "describe_security_groups", "SecurityGroups", "GroupId", _remove_group)

KINDS = (
    ec2(
        "natgateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        _remove_gateway,
        gone=("deleted", "deleting"),
    ),
    ec2(
        "vpc endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        _remove_endpoint,
        gone=("deleted", "deleting"),
    ),
    ec2(
        "network interface",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        _remove_interface,
    ),
    ec2("elastic ip", "describe_addresses", "Addresses", "AllocationId", _remove_address),
    _GROUPS._replace(listed=_groups),
    ec2("subnet", "describe_subnets", "Subnets", "SubnetId", by("delete_subnet", "SubnetId")),
    ec2("route table", "describe_route_tables", "RouteTables", "RouteTableId", _remove_table),
    ec2(
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        _remove_internet_gateway,
    ),
    ec2("vpc", "describe_vpcs", "Vpcs", "VpcId", by("delete_vpc", "VpcId")),
)
