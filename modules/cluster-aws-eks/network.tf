# Machines without public addresses, in two zones, behind one gateway.

data "aws_availability_zones" "here" {
  count = local.own_network
  state = "available"

  # Local zones have neither EKS nor most machines.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  own_network = length(var.subnets) == 0 ? 1 : 0
  subnets     = local.own_network == 1 ? values(aws_subnet.private)[*].id : var.subnets
  gpu_zones   = var.gpu == null ? [] : var.gpu.zones

  # A zone that has the GPUs comes first, and that order is kept: another one would move every subnet.
  known = local.own_network == 0 ? [] : data.aws_availability_zones.here[0].names
  zones = local.own_network == 0 ? {} : {
    for index, zone in slice(distinct(concat([for zone in local.known : zone if contains(local.gpu_zones, zone)], local.known)), 0, var.zones) : zone => index
  }
  gpu_subnets = local.own_network == 1 && length(local.gpu_zones) > 0 ? [
    for zone, subnet in aws_subnet.private : subnet.id if contains(local.gpu_zones, zone)
  ] : local.subnets
}

resource "aws_vpc" "this" {
  count                = local.own_network
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(local.tags, { Name = var.stack })
}

# Nothing of ours uses the group that every network has: without rules nothing else does either.
resource "aws_default_security_group" "closed" {
  count  = local.own_network
  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.stack}-unused" })
}

resource "aws_internet_gateway" "this" {
  count  = local.own_network
  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = var.stack })
}

resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value)
  tags              = merge(local.tags, { Name = "${var.stack}-public-${each.key}", "kubernetes.io/role/elb" = "1" })
}

# The larger ones: every pod has an address of its own in them.
resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 3, each.value + 4)
  tags              = merge(local.tags, { Name = "${var.stack}-private-${each.key}", "kubernetes.io/role/internal-elb" = "1" })
}

resource "aws_eip" "out" {
  count  = local.own_network
  domain = "vpc"
  tags   = merge(local.tags, { Name = var.stack })
}

resource "aws_nat_gateway" "out" {
  count         = local.own_network
  allocation_id = aws_eip.out[0].id
  subnet_id     = values(aws_subnet.public)[0].id
  tags          = merge(local.tags, { Name = var.stack })
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  count  = local.own_network
  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.stack}-public" })

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this[0].id
  }
}

resource "aws_route_table" "private" {
  count  = local.own_network
  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.stack}-private" })

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.out[0].id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = local.zones
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table_association" "private" {
  for_each       = local.zones
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[0].id
}
