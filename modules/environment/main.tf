# Packages installed together, shared read-only by every stack that wants the same ones.

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

variable "spec" {
  type        = string
  description = "What to install, as JSON."
}

resource "stackwright_environment" "this" {
  key  = var.key
  spec = var.spec
}

output "id" {
  value       = stackwright_environment.this.key
  description = "Known from the start; a reference to it waits for the install."
}

output "prefix" {
  value       = stackwright_environment.this.prefix
  description = "Where it is installed."
}
