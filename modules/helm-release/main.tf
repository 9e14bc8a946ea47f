# One component in a cluster: its secrets, a release of the house chart, and the wait until it is ready.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
    helm = {
      source  = "hashicorp/helm"
      version = ">= 1.3.2, < 4.0.0"
    }
  }
}

variable "component" {
  type        = string
  description = "The component's id in the stack."
}

variable "spec" {
  type        = string
  description = "Everything resolved but secrets, as JSON."
}

variable "namespace" {
  type        = string
  description = "The stack's namespace."
}

variable "name" {
  type        = string
  description = "What its release and its Service are called."
}

variable "image" {
  type        = string
  description = "What its pod is started from."
}

variable "values" {
  type        = string
  description = "What the chart is told, as JSON; nothing of it is secret."
}

variable "after" {
  type        = list(string)
  default     = []
  description = "What must be there before it starts."
}

resource "stackwright_secret" "this" {
  component = var.component
  spec      = var.spec
  after     = var.after
}

# Only attributes that the provider has had from its first version to its latest. It is told by the environment where
# the cluster is, and does not wait: Helm knows when something is late, and not why.
resource "helm_release" "this" {
  name             = var.name
  chart            = "${path.module}/../charts/service"
  namespace        = var.namespace
  create_namespace = false
  wait             = false
  timeout          = 300

  values = [
    var.values,
    jsonencode({
      image  = var.image
      secret = { name = stackwright_secret.this.name, version = stackwright_secret.this.version }
    }),
  ]
}

resource "stackwright_workload" "this" {
  component = var.component
  spec      = var.spec
  image     = var.image
  release   = sha256(join("\n", helm_release.this.values))
}

output "id" {
  value       = stackwright_workload.this.component
  description = "Known from the start; a reference to it waits until the component is ready."
}

output "generation" {
  value       = stackwright_workload.this.generation
  description = "Another one means that its volume was made afresh, so that grants have to be made again."
}
