# A Kubernetes cluster on AWS: a pool of ordinary machines, and one with GPUs that goes to zero.

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

data "aws_partition" "here" {}

data "aws_caller_identity" "here" {}

locals {
  tags = merge(var.tags, { "stackwright.stack" = var.stack })
  arn  = "arn:${data.aws_partition.here.partition}"

  # The cluster autoscaler never starts the first machine of a pool that nothing waits for, so `min` is what is there.
  pools = merge(
    { nodes = merge(var.nodes, { ami = var.ami_types.cpu, accelerator = "", subnets = local.subnets }) },
    var.gpu == null ? {} : { gpu = merge(var.gpu, { ami = var.ami_types.gpu, subnets = local.gpu_subnets }) },
  )
}

resource "aws_kms_key" "secrets" {
  description             = "Secrets of the Kubernetes cluster ${var.stack}"
  deletion_window_in_days = 7
  enable_key_rotation     = true
  tags                    = local.tags
}

# EKS would make it by itself, without an end and without our tags.
resource "aws_cloudwatch_log_group" "cluster" {
  name              = "/aws/eks/${var.stack}/cluster"
  retention_in_days = var.log_days
  tags              = local.tags
}

resource "aws_eks_cluster" "this" {
  name                      = var.stack
  version                   = var.kubernetes
  role_arn                  = aws_iam_role.service["cluster"].arn
  enabled_cluster_log_types = ["api", "audit", "authenticator"]
  tags                      = local.tags

  vpc_config {
    subnet_ids              = local.subnets
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_from) > 0
    public_access_cidrs     = length(var.api_from) > 0 ? var.api_from : null
  }

  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = true
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }

  # Without its role's policies it cannot take its network interfaces away when it goes.
  depends_on = [aws_iam_role_policy_attachment.service, aws_cloudwatch_log_group.cluster, aws_route_table_association.private]
}

resource "aws_launch_template" "pool" {
  for_each    = local.pools
  name        = "${var.stack}-${each.key}"
  description = "Machines of the pool ${each.key} of the Kubernetes cluster ${var.stack}"
  tags        = local.tags

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.disk
      encrypted             = true
      delete_on_termination = true
    }
  }

  # One hop: what runs in a pod does not get at the machine's own credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = "${var.stack}-${each.key}" })
    }
  }
}

resource "aws_eks_node_group" "pool" {
  for_each        = local.pools
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.service["nodes"].arn
  subnet_ids      = each.value.subnets
  ami_type        = each.value.ami
  instance_types  = [each.value.type]
  capacity_type   = "ON_DEMAND"
  tags            = local.tags

  labels = merge(
    { "stackwright.pool" = each.key },
    each.value.accelerator == "" ? {} : { "stackwright.accelerator" = each.value.accelerator },
  )

  launch_template {
    id      = aws_launch_template.pool[each.key].id
    version = aws_launch_template.pool[each.key].latest_version
  }

  scaling_config {
    min_size     = each.value.min
    desired_size = each.value.min
    max_size     = each.value.max
  }

  update_config {
    max_unavailable = 1
  }

  # Only what asks for a GPU is put on a machine that costs one.
  dynamic "taint" {
    for_each = each.value.accelerator == "" ? [] : ["present"]

    content {
      key    = "nvidia.com/gpu"
      value  = taint.value
      effect = "NO_SCHEDULE"
    }
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size] # the autoscaler's
  }

  depends_on = [aws_iam_role_policy_attachment.service]
}

# The network's and the proxy come with every cluster as they are; here they get a version, and the others a machine.
resource "aws_eks_addon" "this" {
  for_each                    = var.addons
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  service_account_role_arn    = each.key == "aws-ebs-csi-driver" ? aws_iam_role.pods["volumes"].arn : null
  tags                        = local.tags

  configuration_values = each.key != "aws-ebs-csi-driver" ? null : jsonencode({
    controller          = { extraVolumeTags = local.tags }
    defaultStorageClass = { enabled = true }
  })

  depends_on = [aws_eks_node_group.pool, aws_iam_role_policy_attachment.volumes]
}
