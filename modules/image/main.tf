# Software installed together in a container of a base image, shared by every stack that wants the same.

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

variable "base" {
  type        = string
  description = "The image that it is installed on."
}

variable "spec" {
  type        = string
  description = "What to install, as JSON."
}

resource "stackwright_image" "this" {
  key  = var.key
  base = var.base
  spec = var.spec
}

output "id" {
  value       = stackwright_image.this.key
  description = "Known from the start; a reference to it waits for the image."
}

output "image" {
  value       = stackwright_image.this.image
  description = "What containers are started from: its name with the base's digest."
}
