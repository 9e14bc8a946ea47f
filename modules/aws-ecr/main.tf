# A registry of images, which are looked through when they come: the interface `registry`.

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

variable "keep" {
  type        = number
  default     = 20
  description = "How many images each repository keeps."

  validation {
    condition     = var.keep >= 1
    error_message = "At least one image is kept."
  }
}

variable "repositories" {
  type        = set(string)
  default     = ["images"]
  description = "Their names, below the stack's."

  validation {
    condition     = length(var.repositories) > 0 && alltrue([for name in var.repositories : can(regex("^[a-z0-9][a-z0-9._/-]{0,99}$", name))])
    error_message = "A repository's name has small letters, digits and `._/-`."
  }
}

resource "aws_ecr_repository" "this" {
  for_each             = var.repositories
  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  tags                 = local.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each   = aws_ecr_repository.this
  repository = each.value.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "the newest ${var.keep}"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep }
      action       = { type = "expire" }
    }]
  })
}

output "endpoint" {
  description = "Where images are pushed to; a login comes from `aws ecr get-login-password`."
  value = {
    host         = split("/", values(aws_ecr_repository.this)[0].repository_url)[0]
    port         = 443
    path         = local.name
    repositories = { for name, one in aws_ecr_repository.this : name => one.repository_url }
  }
}
