# An image of this machine's engine, brought to where the cluster's nodes have it from.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "key" {
  type        = string
  description = "The environment's name: a tool and a hash of what is installed."
}

variable "local" {
  type        = string
  description = "What the image is called on this machine."
}

variable "cluster" {
  type        = string
  description = "Which cluster, and how images get there, as JSON without credentials."
}

resource "stackwright_delivery" "this" {
  key     = var.key
  local   = var.local
  cluster = var.cluster
}

output "id" {
  value       = stackwright_delivery.this.key
  description = "Known from the start; a reference to it waits until the nodes can have it."
}

output "image" {
  value       = stackwright_delivery.this.image
  description = "What pods are started from."
}
