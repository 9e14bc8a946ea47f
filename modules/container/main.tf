# One component as containers with one network identity and one volume.

terraform {
  required_providers {
    stackwright = {
      source = "stackwright.internal/stackwright/stackwright"
    }
  }
}

variable "component" {
  type        = string
  description = "The component's id in the stack."
}

variable "spec" {
  type        = string
  description = "Everything resolved but secrets, as JSON; another spec is a restart."
}

variable "image" {
  type        = string
  description = "What its containers are started from."
}

variable "after" {
  type        = list(string)
  default     = []
  description = "What must be there before it starts."
}

resource "stackwright_container" "this" {
  component = var.component
  spec      = var.spec
  image     = var.image
  after     = var.after
}

output "id" {
  value       = stackwright_container.this.component
  description = "Known from the start; a reference to it waits until the component is ready."
}

output "generation" {
  value       = stackwright_container.this.generation
  description = "Another one means that its volume was made afresh, so that grants have to be made again."
}
