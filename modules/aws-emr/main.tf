# Spark as a service (EMR), in a private subnet, encrypted in S3.

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

variable "subnet" {
  type        = string
  description = "A private subnet of that network."
}

variable "release" {
  type        = string
  default     = "emr-7.8.0"
  description = "The release of EMR, which says the versions of Spark and Hadoop."

  validation {
    condition     = can(regex("^emr-[0-9]+\\.[0-9]+\\.[0-9]+$", var.release))
    error_message = "A release is written like `emr-7.8.0`."
  }
}

variable "machine" {
  type        = string
  default     = "m7g.xlarge"
  description = "The type of its machines."
}

variable "workers" {
  type        = number
  default     = 2
  description = "Machines that compute."

  validation {
    condition     = var.workers >= 1
    error_message = "At least one machine computes."
  }
}

variable "idle" {
  type        = number
  default     = 3600
  description = "Seconds without work after which it ends by itself."

  validation {
    condition     = var.idle >= 60 && var.idle <= 604800
    error_message = "It ends after 60 to 604800 idle seconds."
  }
}

data "aws_partition" "here" {}

data "aws_caller_identity" "here" {}

data "aws_iam_policy_document" "trust" {
  for_each = { service = "elasticmapreduce.amazonaws.com", machines = "ec2.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    dynamic "condition" {
      for_each = each.key == "service" ? [data.aws_caller_identity.here.account_id] : []

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  for_each           = data.aws_iam_policy_document.trust
  name               = "${local.name}-${each.key}"
  path               = "/stackwright/"
  assume_role_policy = each.value.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "service" {
  role       = aws_iam_role.this["service"].name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
}

# That policy lets EMR pass on no role but those of one name; ours is another one.
data "aws_iam_policy_document" "pass" {
  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.this["machines"].arn]

    condition {
      test     = "StringLike"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com*"]
    }
  }
}

resource "aws_iam_role_policy" "pass" {
  name   = "pass-machines"
  role   = aws_iam_role.this["service"].name
  policy = data.aws_iam_policy_document.pass.json
}

resource "aws_iam_instance_profile" "this" {
  name = "${local.name}-machines"
  path = "/stackwright/"
  role = aws_iam_role.this["machines"].name
  tags = local.tags
}

resource "aws_security_group" "this" {
  for_each               = toset(["primary", "workers", "service"])
  name                   = "${local.name}-${each.key}"
  description            = "Spark ${local.name}, ${each.key}"
  vpc_id                 = var.vpc
  revoke_rules_on_delete = true # EMR adds rules of its own, in which the groups name each other
  tags                   = merge(local.tags, { "for-use-with-amazon-emr-managed-policies" = "true" })
}

resource "aws_emr_security_configuration" "this" {
  name = local.name

  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableInTransitEncryption = false
      EnableAtRestEncryption    = true
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-S3" }
      }
    }
    InstanceMetadataServiceConfiguration = {
      MinimumInstanceMetadataServiceVersion = 2
      HttpPutResponseHopLimit               = 1
    }
  })
}

resource "aws_emr_cluster" "this" {
  name                              = local.name
  release_label                     = var.release
  applications                      = ["Spark"]
  service_role                      = aws_iam_role.this["service"].arn
  security_configuration            = aws_emr_security_configuration.this.name
  keep_job_flow_alive_when_no_steps = true
  termination_protection            = false
  tags                              = merge(local.tags, { "for-use-with-amazon-emr-managed-policies" = "true" })
  depends_on                        = [aws_iam_role_policy_attachment.service, aws_iam_role_policy.pass]

  ec2_attributes {
    subnet_id                         = var.subnet
    instance_profile                  = aws_iam_instance_profile.this.arn
    emr_managed_master_security_group = aws_security_group.this["primary"].id
    emr_managed_slave_security_group  = aws_security_group.this["workers"].id
    service_access_security_group     = aws_security_group.this["service"].id
  }

  master_instance_group {
    instance_type = var.machine
  }

  core_instance_group {
    instance_type  = var.machine
    instance_count = var.workers
  }

  auto_termination_policy {
    idle_timeout = var.idle
  }
}

output "endpoint" {
  description = "The primary machine, which Livy and YARN answer on inside the network."
  value = {
    host = aws_emr_cluster.this.master_public_dns
    port = 8998
    id   = aws_emr_cluster.this.id
  }
}
