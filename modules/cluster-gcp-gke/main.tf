# A cluster of Google's: machines for everything, and machines with GPUs that are there only while pods ask for them.
#
# GKE installs NVIDIA's drivers and device plugin itself (`gpu_driver_version`) and puts the taint
# `nvidia.com/gpu=present:NoSchedule` on such machines, so there is no GPU operator here.

terraform {
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0, < 7.0"
    }
  }
}

variable "stack" {
  description = "The stack's id: the cluster's name, and that of all that is made for it."
  type        = string
}

variable "region" {
  description = "Where. The control plane is in three zones, and so are the machines."
  type        = string
}

variable "tags" {
  description = "On everything that can carry them, beside the stack's id; Google calls them labels."
  type        = map(string)
  default     = {}
}

variable "nodes" {
  description = "The machines that everything runs on; the numbers are of the whole region."
  type        = object({ type = string, min = number, max = number })
}

variable "gpu" {
  description = "The machines with GPUs, or null; `zones` are those of the region that have them."
  type = object({
    type        = string
    accelerator = string
    count       = number
    zones       = list(string)
    min         = number
    max         = number
  })
  default = null
}

locals {
  tags = merge(var.tags, { "stackwright-stack" = var.stack })
  # What Google calls by another name than everybody.
  renamed = { "nvidia-t4" = "nvidia-tesla-t4", "nvidia-a100-40gb" = "nvidia-tesla-a100" }
  # An account's name has 30 characters at the most: the stack's is cut, its six digits stay.
  account = "${trim(substr(var.stack, 0, 23), "-")}-${substr(var.stack, -6, 6)}"
}

data "google_client_config" "own" {}

resource "google_compute_network" "own" {
  name                    = var.stack
  description             = var.stack
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "own" {
  name          = var.stack
  region        = var.region
  network       = google_compute_network.own.id
  ip_cidr_range = "10.0.0.0/20"

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.16.0.0/14"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.20.0.0/20"
  }
}

# What the machines run as: they may write logs and measurements and pull images, and nothing else.
resource "google_service_account" "nodes" {
  account_id   = local.account
  display_name = var.stack
}

resource "google_project_iam_member" "nodes" {
  for_each = toset(["roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"])
  project  = data.google_client_config.own.project
  role     = each.key
  member   = google_service_account.nodes.member
}

resource "google_container_cluster" "own" {
  name                     = var.stack
  location                 = var.region
  network                  = google_compute_network.own.id
  subnetwork               = google_compute_subnetwork.own.id
  resource_labels          = local.tags
  remove_default_node_pool = true
  initial_node_count       = 1
  deletion_protection      = false

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  release_channel {
    channel = "REGULAR"
  }
  workload_identity_config {
    workload_pool = "${data.google_client_config.own.project}.svc.id.goog"
  }
  # The pool that every cluster begins with, and that is removed at once.
  node_config {
    machine_type    = var.nodes.type
    service_account = google_service_account.nodes.email
    labels          = local.tags
    resource_labels = local.tags
  }
  lifecycle {
    ignore_changes = [node_config, initial_node_count]
  }
  depends_on = [google_project_iam_member.nodes]
}

resource "google_container_node_pool" "nodes" {
  name               = "nodes"
  cluster            = google_container_cluster.own.id
  location           = var.region
  initial_node_count = 1

  autoscaling {
    total_min_node_count = var.nodes.min
    total_max_node_count = var.nodes.max
    location_policy      = "BALANCED"
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  node_config {
    machine_type    = var.nodes.type
    disk_size_gb    = 100
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    labels          = merge(local.tags, { "stackwright-pool" = "nodes" })
    resource_labels = local.tags

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
  lifecycle {
    ignore_changes = [initial_node_count]
  }
}

resource "google_container_node_pool" "gpu" {
  count              = var.gpu == null ? 0 : 1
  name               = "gpu"
  cluster            = google_container_cluster.own.id
  location           = var.region
  node_locations     = length(var.gpu.zones) > 0 ? var.gpu.zones : null
  initial_node_count = 0

  autoscaling {
    total_min_node_count = var.gpu.min
    total_max_node_count = var.gpu.max
    location_policy      = "ANY" # wherever there is a GPU to be had
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  node_config {
    machine_type    = var.gpu.type
    disk_size_gb    = 100
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    labels          = merge(local.tags, { "stackwright-pool" = "gpu" })
    resource_labels = local.tags

    guest_accelerator {
      type  = lookup(local.renamed, var.gpu.accelerator, var.gpu.accelerator)
      count = var.gpu.count

      gpu_driver_installation_config {
        gpu_driver_version = "DEFAULT"
      }
    }
    taint {
      key    = "nvidia.com/gpu"
      value  = "present"
      effect = "NO_SCHEDULE"
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
  lifecycle {
    ignore_changes = [initial_node_count]
  }
}

output "name" {
  description = "What the cloud calls it."
  value       = google_container_cluster.own.name
}

output "context" {
  description = "In the kubeconfig."
  value       = var.stack
}

output "kubeconfig" {
  description = "As JSON. It has no secret in it: whoever uses it asks Google for a token, as himself."
  value = jsonencode({
    apiVersion      = "v1"
    kind            = "Config"
    current-context = var.stack
    contexts        = [{ name = var.stack, context = { cluster = var.stack, user = var.stack } }]
    clusters = [{
      name = var.stack
      cluster = {
        server                     = "https://${google_container_cluster.own.endpoint}"
        certificate-authority-data = google_container_cluster.own.master_auth[0].cluster_ca_certificate
      }
    }]
    users = [{
      name = var.stack
      user = { exec = {
        apiVersion         = "client.authentication.k8s.io/v1beta1"
        command            = "gke-gcloud-auth-plugin"
        interactiveMode    = "Never"
        provideClusterInfo = true
        installHint        = "gcloud components install gke-gcloud-auth-plugin"
      } }
    }]
  })
  # Before its machines are there, a cluster runs nothing.
  depends_on = [google_container_node_pool.nodes, google_container_node_pool.gpu]
}

output "pools" {
  description = "The machines: type, how many at least and at most, and whether only GPU work goes there."
  value = merge(
    { nodes = { type = var.nodes.type, min = var.nodes.min, max = var.nodes.max, tainted = false } },
    var.gpu == null ? {} : { gpu = { type = var.gpu.type, min = var.gpu.min, max = var.gpu.max, tainted = true } },
  )
}

output "charts" {
  description = "Helm charts that the cluster needs: none, GKE brings driver, device plugin and autoscaler."
  value       = []
}
