# An S3 bucket with a key of its own, which reaches nothing else: the interface `s3`.

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

variable "keep_versions" {
  type        = number
  default     = 30
  description = "Days for which what was overwritten or deleted can be had back."

  validation {
    condition     = var.keep_versions >= 1
    error_message = "`keep_versions` is at least a day."
  }
}

resource "aws_s3_bucket" "this" {
  bucket        = local.name
  force_destroy = true # `stack down` takes away what the stack has made
  tags          = local.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_versioning.this]

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.keep_versions
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

# Unencrypted requests are refused, whoever makes them.
data "aws_iam_policy_document" "encrypted" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "encrypted" {
  bucket     = aws_s3_bucket.this.id
  policy     = data.aws_iam_policy_document.encrypted.json
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Who works with it takes this policy: a role of a pod, say. A key, which would be a secret in a state, is not made here.
data "aws_iam_policy_document" "use" {
  statement {
    actions   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.this.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${aws_s3_bucket.this.arn}/*"]
  }
}

resource "aws_iam_policy" "use" {
  name        = local.name
  path        = "/stackwright/"
  description = "Read and write the bucket ${local.name}, and nothing else"
  policy      = data.aws_iam_policy_document.use.json
  tags        = local.tags
}

output "endpoint" {
  description = "The interface `s3`, but for the key of whoever uses it."
  value = {
    host   = "s3.${var.region}.amazonaws.com"
    port   = 443
    url    = "https://s3.${var.region}.amazonaws.com"
    region = var.region
    bucket = aws_s3_bucket.this.bucket
    uri    = "s3://${aws_s3_bucket.this.bucket}"
  }
}

output "policy" {
  value       = aws_iam_policy.use.arn
  description = "What a role needs to work with it."
}
