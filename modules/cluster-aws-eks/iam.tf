# Who may do what: the control plane, the machines, and two things that run in pods. Nobody else.

locals {
  policies = {
    cluster = ["AmazonEKSClusterPolicy"]
    nodes   = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"]
  }
  attached = merge([for who, names in local.policies : { for name in names : "${who}/${name}" => { who = who, policy = name } }]...)

  # A pod is known by its service account, which the cluster's own issuer vouches for.
  accounts = {
    volumes    = "system:serviceaccount:kube-system:ebs-csi-controller-sa"
    autoscaler = "system:serviceaccount:kube-system:cluster-autoscaler"
  }
  issuer = trimprefix(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://")
}

data "aws_iam_policy_document" "service" {
  for_each = { cluster = "eks.amazonaws.com", nodes = "ec2.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    # Not on anybody else's behalf.
    dynamic "condition" {
      for_each = each.key == "cluster" ? [data.aws_caller_identity.here.account_id] : []

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "pod" {
  for_each = local.accounts

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [each.value]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "service" {
  for_each           = local.policies
  name               = "${var.stack}-${each.key}"
  path               = "/stackwright/"
  assume_role_policy = data.aws_iam_policy_document.service[each.key].json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "service" {
  for_each   = local.attached
  role       = aws_iam_role.service[each.value.who].name
  policy_arn = "${local.arn}:iam::aws:policy/${each.value.policy}"
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
  tags           = local.tags
}

resource "aws_iam_role" "pods" {
  for_each           = local.accounts
  name               = "${var.stack}-${each.key}"
  path               = "/stackwright/"
  assume_role_policy = data.aws_iam_policy_document.pod[each.key].json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "volumes" {
  role       = aws_iam_role.pods["volumes"].name
  policy_arn = "${local.arn}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}

# The autoscaler sees every pool, and changes those of this cluster only.
data "aws_iam_policy_document" "autoscaler" {
  statement {
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeTags",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resources = ["*"]
  }

  # What labels and taints a pool would have that has no machine now.
  statement {
    actions   = ["eks:DescribeNodegroup"]
    resources = ["${local.arn}:eks:${var.region}:${data.aws_caller_identity.here.account_id}:nodegroup/${var.stack}/*"]
  }

  statement {
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${var.stack}"
      values   = ["owned"]
    }
  }
}

resource "aws_iam_role_policy" "autoscaler" {
  name   = "autoscaler"
  role   = aws_iam_role.pods["autoscaler"].name
  policy = data.aws_iam_policy_document.autoscaler.json
}
