# The interface `kubernetes-cluster`: what whoever runs something on it has to know. Nothing here is a secret.

output "name" {
  value       = aws_eks_cluster.this.name
  description = "The cluster's name at AWS."
}

output "region" {
  value       = var.region
  description = "Where it is."
}

output "endpoint" {
  value       = aws_eks_cluster.this.endpoint
  description = "The API server."
}

output "certificate_authority" {
  value       = aws_eks_cluster.this.certificate_authority[0].data
  description = "Who vouches for the API server, in base64."
}

output "context" {
  value       = aws_eks_cluster.this.name
  description = "The context's name in `kubeconfig`."
}

# Its user is a command that asks AWS for a token, so that there is nothing in it to steal.
output "kubeconfig" {
  description = "A kubeconfig, as JSON."
  value = jsonencode({
    apiVersion      = "v1"
    kind            = "Config"
    current-context = aws_eks_cluster.this.name
    clusters = [{
      name = aws_eks_cluster.this.name
      cluster = {
        server                     = aws_eks_cluster.this.endpoint
        certificate-authority-data = aws_eks_cluster.this.certificate_authority[0].data
      }
    }]
    contexts = [{
      name    = aws_eks_cluster.this.name
      context = { cluster = aws_eks_cluster.this.name, user = aws_eks_cluster.this.name }
    }]
    users = [{
      name = aws_eks_cluster.this.name
      user = {
        exec = {
          apiVersion         = "client.authentication.k8s.io/v1beta1"
          command            = "aws"
          args               = ["eks", "get-token", "--cluster-name", aws_eks_cluster.this.name, "--region", var.region, "--output", "json"]
          interactiveMode    = "Never"
          provideClusterInfo = false
        }
      }
    }]
  })
}

output "pools" {
  description = "The machines: type, how many at least and at most, labels, and whether only GPU work goes there."
  value = {
    for name, pool in aws_eks_node_group.pool : name => {
      type    = local.pools[name].type
      min     = pool.scaling_config[0].min_size
      max     = pool.scaling_config[0].max_size
      labels  = pool.labels
      tainted = length(pool.taint) > 0
    }
  }
}

# A pool grows and goes to zero because the autoscaler says so, and its GPUs are seen because of NVIDIA's operator.
# Both are installed by whoever installs what runs on the cluster: this module speaks to AWS only.
output "charts" {
  description = "Helm charts that the cluster needs, each pinned."
  value = concat(
    [{
      name       = "cluster-autoscaler"
      namespace  = "kube-system"
      repository = "https://kubernetes.github.io/autoscaler"
      chart      = "cluster-autoscaler"
      version    = "9.46.6"
      values = jsonencode({
        cloudProvider = "aws"
        awsRegion     = var.region
        autoDiscovery = { clusterName = aws_eks_cluster.this.name }
        rbac = { serviceAccount = {
          name        = "cluster-autoscaler"
          annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.pods["autoscaler"].arn }
        } }
      })
    }],
    # The machines' image has driver and container toolkit already.
    var.gpu == null ? [] : [{
      name       = "gpu-operator"
      namespace  = "gpu-operator"
      repository = "https://helm.ngc.nvidia.com/nvidia"
      chart      = "gpu-operator"
      version    = "v25.3.0"
      values = jsonencode({
        driver     = { enabled = false }
        toolkit    = { enabled = false }
        daemonsets = { tolerations = [{ key = "nvidia.com/gpu", operator = "Exists", effect = "NoSchedule" }] }
      })
    }],
  )
}
