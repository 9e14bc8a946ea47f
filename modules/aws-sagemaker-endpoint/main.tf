# A model behind an HTTPS endpoint that AWS runs.

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

variable "region" {
  type        = string
  description = "Where it is; the same as the provider's."
}

variable "image" {
  type        = string
  description = "The container that serves the model, by digest or tag."

  validation {
    condition     = can(regex("[:@]", var.image))
    error_message = "The image names its tag or its digest."
  }
}

variable "model" {
  type        = string
  description = "The model's archive, `s3://bucket/key/model.tar.gz`."

  validation {
    condition     = can(regex("^s3://[^/]+/.+\\.tar\\.gz$", var.model))
    error_message = "A model is an archive in S3, `s3://…/model.tar.gz`."
  }
}

variable "machine" {
  type        = string
  default     = "ml.m5.large"
  description = "The type of its machines; `ml.g4dn.xlarge` has a GPU."

  validation {
    condition     = startswith(var.machine, "ml.")
    error_message = "A type is written like `ml.m5.large`."
  }
}

variable "machines" {
  type        = number
  default     = 1
  description = "How many."

  validation {
    condition     = var.machines >= 1
    error_message = "At least one machine serves."
  }
}

variable "env" {
  type        = map(string)
  default     = {}
  description = "The container's variables. No secrets: AWS shows them to whoever may describe the model."
}

locals {
  bucket = split("/", trimprefix(var.model, "s3://"))[0]
}

data "aws_partition" "here" {}

data "aws_caller_identity" "here" {}

data "aws_iam_policy_document" "service" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

# What it serves, the image that serves it, and its own logs.
data "aws_iam_policy_document" "needed" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:${data.aws_partition.here.partition}:s3:::${trimprefix(var.model, "s3://")}"]
  }

  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${data.aws_partition.here.partition}:ecr:${var.region}:*:repository/*"]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/sagemaker/Endpoints/${local.name}"
  retention_in_days = 7
  tags              = local.tags
}

resource "aws_iam_role" "this" {
  name               = local.name
  path               = "/stackwright/"
  assume_role_policy = data.aws_iam_policy_document.service.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "needed" {
  name   = "needed"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.needed.json
}

# Another model or machine is another configuration: the endpoint changes over without a gap.
resource "aws_sagemaker_model" "this" {
  name               = "${local.name}-${substr(sha256(jsonencode([var.image, var.model, var.env])), 0, 8)}"
  execution_role_arn = aws_iam_role.this.arn
  tags               = local.tags
  depends_on         = [aws_iam_role_policy.needed]

  primary_container {
    image          = var.image
    model_data_url = var.model
    environment    = var.env
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name = "${local.name}-${substr(sha256(jsonencode([aws_sagemaker_model.this.name, var.machine, var.machines])), 0, 8)}"
  tags = local.tags

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.this.name
    initial_instance_count = var.machines
    instance_type          = var.machine
    initial_variant_weight = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = local.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
  tags                 = local.tags
}

output "endpoint" {
  description = "Where it is asked, with the user's own AWS credentials."
  value = {
    host = "runtime.sagemaker.${var.region}.amazonaws.com"
    port = 443
    name = aws_sagemaker_endpoint.this.name
    url  = "https://runtime.sagemaker.${var.region}.amazonaws.com/endpoints/${aws_sagemaker_endpoint.this.name}/invocations"
  }
}
