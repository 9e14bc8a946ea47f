# Kafka as a service, in private subnets, encrypted; clients say who they are with their AWS credentials.

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
  default     = "kafka.t3.small"
  description = "The type of the brokers' machines."

  validation {
    condition     = startswith(var.machine, "kafka.")
    error_message = "A type is written like `kafka.t3.small`."
  }
}

variable "disk" {
  type        = number
  default     = 50
  description = "GiB of each broker's disk."

  validation {
    condition     = var.disk >= 1 && var.disk <= 16384
    error_message = "A disk has 1 to 16384 GiB."
  }
}

variable "kafka" {
  type        = string
  default     = "3.8.x"
  description = "The version of Kafka."
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "The brokers ${local.name}"
  vpc_id      = var.vpc
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = toset(var.reached_from)
  security_group_id = aws_security_group.this.id
  description       = "Kafka over TLS, with AWS credentials"
  cidr_ipv4         = each.value
  from_port         = 9098
  to_port           = 9098
  ip_protocol       = "tcp"
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/msk/${local.name}"
  retention_in_days = 7
  tags              = local.tags
}

resource "aws_msk_cluster" "this" {
  cluster_name           = substr(local.name, 0, 64)
  kafka_version          = var.kafka
  number_of_broker_nodes = length(var.subnets)
  tags                   = local.tags

  broker_node_group_info {
    instance_type   = var.machine
    client_subnets  = var.subnets
    security_groups = [aws_security_group.this.id]

    storage_info {
      ebs_storage_info {
        volume_size = var.disk
      }
    }
  }

  client_authentication {
    sasl {
      iam = true
    }
  }

  encryption_info {
    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.this.name
      }
    }
  }
}

output "endpoint" {
  description = "The brokers, as a Kafka client wants them."
  value = {
    host      = split(":", split(",", aws_msk_cluster.this.bootstrap_brokers_sasl_iam)[0])[0]
    port      = 9098
    bootstrap = aws_msk_cluster.this.bootstrap_brokers_sasl_iam
  }
}
