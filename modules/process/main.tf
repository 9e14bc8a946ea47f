# One component as local processes, kept alive after Terraform has ended.

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

variable "after" {
  type        = list(string)
  default     = []
  description = "What must be there before it starts."
}

resource "stackwright_process" "this" {
  component = var.component
  spec      = var.spec
  after     = var.after
}

output "id" {
  value       = stackwright_process.this.component
  description = "Known from the start; a reference to it waits until the component is ready."
}

output "generation" {
  value       = stackwright_process.this.generation
  description = "Another one means that its data folder was made afresh, so that grants have to be made again."
}
