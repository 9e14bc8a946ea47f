# The network that the containers of one stack share, and nobody else.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "stack" {
  type        = string
  description = "The stack's id, which is the network's name."
}

resource "stackwright_network" "this" {
  stack = var.stack
}

output "id" {
  value       = stackwright_network.this.stack
  description = "Known from the start; a reference to it waits for the network."
}
