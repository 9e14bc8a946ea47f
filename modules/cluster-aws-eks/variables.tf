variable "stack" {
  type        = string
  description = "The stack's id: the cluster's name, and the tag `stackwright.stack` of everything."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.stack))
    error_message = "A stack's id has 1 to 40 small letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  type        = string
  description = "Where it is, `eu-central-1`; the same as the provider's."

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "A region is written like `eu-central-1`."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "On everything, beside the stack's id; `stackwright.ttl` among them says when it may be taken down."

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(key, "aws:") && length(key) <= 128])
    error_message = "A tag's key has at most 128 characters and does not begin with `aws:`."
  }
}

variable "nodes" {
  type = object({
    type = string
    min  = optional(number, 1)
    max  = optional(number, 3)
  })
  default     = { type = "m7i.xlarge" }
  description = "The pool of ordinary machines."

  validation {
    condition     = 1 <= var.nodes.min && var.nodes.min <= var.nodes.max && var.nodes.max <= 450
    error_message = "`nodes` has 1 <= min <= max <= 450: what keeps the cluster itself going needs a machine."
  }
}

variable "gpu" {
  type = object({
    type        = string
    accelerator = string
    count       = optional(number, 1)
    min         = optional(number, 0)
    max         = optional(number, 2)
    zones       = optional(list(string), [])
  })
  default     = null
  description = "The pool with GPUs: the machine's type, which accelerator it has, how many, and the zones that have it (none: any); null: no such pool."

  validation {
    condition     = var.gpu == null ? true : 0 <= var.gpu.min && var.gpu.min <= var.gpu.max && 1 <= var.gpu.max && var.gpu.max <= 450
    error_message = "`gpu` has 0 <= min <= max <= 450, and at least one machine at most."
  }

  validation {
    condition     = var.gpu == null ? true : can(regex("^nvidia-[a-z0-9-]+$", var.gpu.accelerator)) && var.gpu.count >= 1
    error_message = "`gpu.accelerator` is written like `nvidia-l4`, and `gpu.count` is at least 1."
  }
}

variable "kubernetes" {
  type        = string
  default     = "1.33"
  description = "The version of Kubernetes."

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes))
    error_message = "A version of EKS is written like `1.33`."
  }
}

variable "subnets" {
  type        = list(string)
  default     = []
  description = "Ids of private subnets of your own with a way out, in at least two zones; none: a network is made."

  validation {
    condition     = length(var.subnets) == 0 || length(var.subnets) >= 2
    error_message = "EKS needs subnets in at least two zones."
  }
}

variable "cidr" {
  type        = string
  default     = "10.64.0.0/16"
  description = "Addresses of the network that is made."

  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 15)) && try(tonumber(split("/", var.cidr)[1]), 0) >= 16
    error_message = "`cidr` is an IPv4 range between /16 and /24."
  }
}

variable "zones" {
  type        = number
  default     = 2
  description = "How many zones the network that is made lies in."

  validation {
    condition     = var.zones >= 2 && var.zones <= 4 && floor(var.zones) == var.zones
    error_message = "EKS needs two zones; more than four are of no use."
  }
}

variable "api_from" {
  type        = list(string)
  default     = ["0.0.0.0/0"]
  description = "Addresses from which the cluster's API is reached (credentials are needed in any case); none: only from inside."

  validation {
    condition     = alltrue([for range in var.api_from : can(cidrhost(range, 0))])
    error_message = "`api_from` holds ranges like `198.51.100.7/32`."
  }
}

variable "disk" {
  type        = number
  default     = 100
  description = "GiB of each machine's encrypted disk; images with CUDA are large."

  validation {
    condition     = var.disk >= 20 && var.disk <= 16384
    error_message = "A disk has 20 to 16384 GiB."
  }
}

variable "log_days" {
  type        = number
  default     = 7
  description = "How long the control plane's logs are kept."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "ami_types" {
  type = object({
    cpu = optional(string, "AL2023_x86_64_STANDARD")
    gpu = optional(string, "AL2023_x86_64_NVIDIA")
  })
  default     = {}
  description = "Which of Amazon's images the machines run; that of the GPU pool brings NVIDIA's driver."
}

variable "addons" {
  type = map(string)
  default = {
    vpc-cni            = null
    kube-proxy         = null
    coredns            = null
    aws-ebs-csi-driver = null
  }
  description = "EKS addons and their versions; null is the version that fits the cluster's."
}
