# The namespace of one stack, in which everything of it lies.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "stack" {
  type        = string
  description = "The stack's id, which is the namespace's name."
}

variable "cluster" {
  type        = string
  description = "Which cluster, and how images get there, as JSON without credentials."
}

resource "stackwright_namespace" "this" {
  stack   = var.stack
  cluster = var.cluster
}

output "id" {
  value       = stackwright_namespace.this.stack
  description = "Known from the start; a reference to it waits for the namespace."
}
