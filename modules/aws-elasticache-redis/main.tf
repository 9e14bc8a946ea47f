# A cache that speaks the Redis protocol, in private subnets, encrypted: the interface `redis`.
#
# Who may dial it, may use it: the provider has no way to give it a password that would not be in the state.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "stack" {
  type        = string
  description = "The stack's id: the tag `stackwright.stack` of everything."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.stack))
    error_message = "A stack's id has 1 to 40 small letters, digits and hyphens, a letter first."
  }
}

variable "component" {
  type        = string
  description = "The component as a part of names: small letters, digits and hyphens."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.component))
    error_message = "A component's name has 1 to 20 small letters, digits and hyphens here, a letter first."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "On everything, beside the stack's id."
}

locals {
  name = "${var.stack}-${var.component}"
  tags = merge(var.tags, { "stackwright.stack" = var.stack, "stackwright.component" = var.component })
}

variable "vpc" {
  type        = string
  description = "The network it is in."
}

variable "subnets" {
  type        = list(string)
  description = "Private subnets of that network, in at least two zones."

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "Subnets in at least two zones are needed."
  }
}

variable "reached_from" {
  type        = list(string)
  description = "Ranges of addresses that may dial it: those of the cluster's machines."

  validation {
    condition     = length(var.reached_from) > 0 && alltrue([for range in var.reached_from : can(cidrhost(range, 0)) && range != "0.0.0.0/0"])
    error_message = "Name ranges like `10.64.0.0/16`; never everybody."
  }
}

variable "machine" {
  type        = string
  default     = "cache.t4g.small"
  description = "The type of its machines."

  validation {
    condition     = startswith(var.machine, "cache.")
    error_message = "A type is written like `cache.t4g.small`."
  }
}

variable "copies" {
  type        = number
  default     = 0
  description = "Machines beside the first, in other zones."

  validation {
    condition     = var.copies >= 0 && var.copies <= 5
    error_message = "There are 0 to 5 copies."
  }
}

resource "aws_elasticache_subnet_group" "this" {
  name       = local.name
  subnet_ids = var.subnets
  tags       = local.tags
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "The cache ${local.name}"
  vpc_id      = var.vpc
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = toset(var.reached_from)
  security_group_id = aws_security_group.this.id
  description       = "Redis protocol"
  cidr_ipv4         = each.value
  from_port         = 6379
  to_port           = 6379
  ip_protocol       = "tcp"
  tags              = local.tags
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = substr(local.name, 0, 40)
  description                = local.name
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.machine
  num_cache_clusters         = var.copies + 1
  automatic_failover_enabled = var.copies > 0
  multi_az_enabled           = var.copies > 0
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  apply_immediately          = true
  tags                       = local.tags
}

output "endpoint" {
  description = "The interface `redis`, over TLS."
  value = {
    host     = aws_elasticache_replication_group.this.primary_endpoint_address
    port     = 6379
    database = 0
    username = "default"
  }
}
