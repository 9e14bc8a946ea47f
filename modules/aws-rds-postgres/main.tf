# PostgreSQL as a service, in private subnets, encrypted: the interface `postgres`.

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
  default     = "db.t4g.medium"
  description = "The type of its machine."

  validation {
    condition     = startswith(var.machine, "db.")
    error_message = "A type is written like `db.t4g.medium`."
  }
}

variable "disk" {
  type        = number
  default     = 20
  description = "GiB at the beginning; it grows to five times that."

  validation {
    condition     = var.disk >= 20 && var.disk <= 13000
    error_message = "A disk has 20 to 13000 GiB."
  }
}

variable "engine" {
  type        = string
  default     = "17"
  description = "The major version of PostgreSQL."

  validation {
    condition     = can(regex("^[0-9]{2}$", var.engine))
    error_message = "A version is written like `17`."
  }
}

variable "two_zones" {
  type        = bool
  default     = false
  description = "Whether a second machine stands by in another zone, at twice the price."
}

variable "backups" {
  type        = number
  default     = 7
  description = "Days for which it can be set back."

  validation {
    condition     = var.backups >= 0 && var.backups <= 35
    error_message = "Backups are kept for 0 to 35 days."
  }
}

variable "password" {
  type        = string
  ephemeral   = true
  sensitive   = true
  description = "The first user's password. It goes to AWS and nowhere else: neither into a plan nor into the state."

  validation {
    condition     = can(regex("^[A-Za-z0-9]{16,128}$", var.password))
    error_message = "A password has 16 to 128 letters and digits."
  }
}

variable "password_version" {
  type        = number
  default     = 1
  description = "Another number sets the password anew: nobody can compare what is not kept."
}

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = var.subnets
  tags       = local.tags
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "PostgreSQL of ${local.name}"
  vpc_id      = var.vpc
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = toset(var.reached_from)
  security_group_id = aws_security_group.this.id
  description       = "PostgreSQL"
  cidr_ipv4         = each.value
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
  tags              = local.tags
}

# Only encrypted connections.
resource "aws_db_parameter_group" "this" {
  name   = local.name
  family = "postgres${var.engine}"
  tags   = local.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "this" {
  identifier                 = local.name
  engine                     = "postgres"
  engine_version             = var.engine
  instance_class             = var.machine
  allocated_storage          = var.disk
  max_allocated_storage      = var.disk * 5
  storage_type               = "gp3"
  storage_encrypted          = true
  db_name                    = "stack"
  username                   = "stack"
  password_wo                = var.password
  password_wo_version        = var.password_version
  db_subnet_group_name       = aws_db_subnet_group.this.name
  vpc_security_group_ids     = [aws_security_group.this.id]
  parameter_group_name       = aws_db_parameter_group.this.name
  publicly_accessible        = false
  multi_az                   = var.two_zones
  backup_retention_period    = var.backups
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true
  skip_final_snapshot        = true # `stack down` leaves nothing; `--keep-data` does not destroy
  delete_automated_backups   = true
  apply_immediately          = true
  tags                       = local.tags
}

output "endpoint" {
  description = "The interface `postgres`, but for the password, which whoever gave it has."
  value = {
    host     = aws_db_instance.this.address
    port     = aws_db_instance.this.port
    database = aws_db_instance.this.db_name
    username = aws_db_instance.this.username
  }
}
