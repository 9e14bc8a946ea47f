# K3s in containers, one a node, made by `k3d`.

terraform {
  required_version = ">= 1.6"

  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "stack" {
  description = "The stack's id, which is in the cluster's name."
  type        = string
}

variable "nodes" {
  description = "How many nodes beside the one of the control plane, which runs the stack's things, too."
  type        = number
  default     = 0
}

resource "stackwright_cluster" "own" {
  stack = var.stack
  kind  = "k3s"
  nodes = tostring(var.nodes)
}

output "name" {
  description = "What `k3d` calls it."
  value       = stackwright_cluster.own.name
}

output "context" {
  description = "In the kubeconfig."
  value       = stackwright_cluster.own.context
}

output "kubeconfig" {
  description = "Nothing: it has a key in it, so it lies in the workspace and not in a state."
  value       = ""
}

output "charts" {
  description = "Helm charts that the cluster needs: none."
  value       = []
}
