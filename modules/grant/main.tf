# One consumer's own share of a server: a database and a user, say, or a bucket and a key.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "wire" {
  type        = string
  description = "The consumer and its need."
}

variable "spec" {
  type        = string
  description = "The grant's command and whom it is for, as JSON."
}

variable "generation" {
  type        = string
  description = "The server's generation: a server with a fresh data folder has forgotten its grants."
}

resource "stackwright_grant" "this" {
  wire       = var.wire
  spec       = var.spec
  generation = var.generation
}

output "id" {
  value       = stackwright_grant.this.wire
  description = "Known from the start; a reference to it waits for the grant."
}
