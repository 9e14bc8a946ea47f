# A cluster of Azure's: machines for everything, and machines with GPUs that are there only while pods ask for them.
#
# AKS installs NVIDIA's driver and container toolkit on such machines, and nothing that tells Kubernetes of them: that
# is done by NVIDIA's GPU operator, one of `charts`, without a driver of its own.

terraform {
  required_version = ">= 1.6"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0, < 5.0"
    }
  }
}

variable "stack" {
  description = "The stack's id: the cluster's name, and that of the groups in which all lies that is made for it."
  type        = string
}

variable "region" {
  description = "Where."
  type        = string
}

variable "tags" {
  description = "On everything, beside the stack's id."
  type        = map(string)
  default     = {}
}

variable "nodes" {
  description = "The machines that everything runs on."
  type        = object({ type = string, min = number, max = number })
}

variable "gpu" {
  description = "The machines with GPUs, or null."
  type        = object({ type = string, min = number, max = number })
  default     = null
}

locals {
  tags = merge(var.tags, { "stackwright.stack" = var.stack })
}

data "azurerm_client_config" "own" {}

resource "azurerm_resource_group" "own" {
  name     = var.stack
  location = var.region
  tags     = local.tags
}

resource "azurerm_virtual_network" "own" {
  name                = var.stack
  location            = azurerm_resource_group.own.location
  resource_group_name = azurerm_resource_group.own.name
  address_space       = ["10.0.0.0/16"]
  tags                = local.tags
}

resource "azurerm_subnet" "own" {
  name                 = "nodes"
  resource_group_name  = azurerm_resource_group.own.name
  virtual_network_name = azurerm_virtual_network.own.name
  address_prefixes     = ["10.0.0.0/20"]
}

# Nobody but who makes it gets in, by Azure's own login: the accounts with a certificate for a password, which
# would lie in Terraform's state, are switched off.
resource "azurerm_kubernetes_cluster" "own" {
  name                      = var.stack
  location                  = azurerm_resource_group.own.location
  resource_group_name       = azurerm_resource_group.own.name
  node_resource_group       = "${var.stack}-nodes"
  dns_prefix                = var.stack
  sku_tier                  = "Standard"
  automatic_upgrade_channel = "patch"
  local_account_disabled    = true
  oidc_issuer_enabled       = true
  tags                      = local.tags

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
    tenant_id          = data.azurerm_client_config.own.tenant_id
  }
  default_node_pool {
    name                        = "nodes"
    vm_size                     = var.nodes.type
    vnet_subnet_id              = azurerm_subnet.own.id
    auto_scaling_enabled        = true
    min_count                   = var.nodes.min
    max_count                   = var.nodes.max
    os_disk_size_gb             = 100
    temporary_name_for_rotation = "rotation"
    node_labels                 = { "stackwright-pool" = "nodes" }
    tags                        = local.tags

    upgrade_settings {
      max_surge = "10%"
    }
  }
  identity {
    type = "SystemAssigned"
  }
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_policy      = "cilium"
    network_data_plane  = "cilium"
    pod_cidr            = "10.64.0.0/14"
    service_cidr        = "10.68.0.0/16"
    dns_service_ip      = "10.68.0.10"
  }
  lifecycle {
    ignore_changes = [default_node_pool[0].node_count, kubernetes_version]
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "gpu" {
  count                 = var.gpu == null ? 0 : 1
  name                  = "gpu"
  kubernetes_cluster_id = azurerm_kubernetes_cluster.own.id
  vm_size               = var.gpu.type
  vnet_subnet_id        = azurerm_subnet.own.id
  auto_scaling_enabled  = true
  min_count             = var.gpu.min
  max_count             = var.gpu.max
  os_disk_size_gb       = 100
  node_labels           = { "stackwright-pool" = "gpu" }
  node_taints           = ["nvidia.com/gpu=present:NoSchedule"]
  tags                  = local.tags

  lifecycle {
    ignore_changes = [node_count]
  }
}

# The cluster's load balancers are made in the stack's network.
resource "azurerm_role_assignment" "network" {
  scope                = azurerm_virtual_network.own.id
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_kubernetes_cluster.own.identity[0].principal_id
}

resource "azurerm_role_assignment" "admin" {
  scope                = azurerm_kubernetes_cluster.own.id
  role_definition_name = "Azure Kubernetes Service RBAC Cluster Admin"
  principal_id         = data.azurerm_client_config.own.object_id
}

output "name" {
  description = "What the cloud calls it."
  value       = azurerm_kubernetes_cluster.own.name
}

output "context" {
  description = "In the kubeconfig."
  value       = var.stack
}

output "kubeconfig" {
  description = "As JSON. It has no secret in it: whoever uses it asks Azure for a token, as himself."
  value = jsonencode({
    apiVersion      = "v1"
    kind            = "Config"
    current-context = var.stack
    contexts        = [{ name = var.stack, context = { cluster = var.stack, user = var.stack } }]
    clusters = [{
      name = var.stack
      cluster = {
        server = "https://${azurerm_kubernetes_cluster.own.fqdn}:443"
        # Of all that `kube_config` has, only this is no secret.
        certificate-authority-data = nonsensitive(azurerm_kubernetes_cluster.own.kube_config[0].cluster_ca_certificate)
      }
    }]
    users = [{
      name = var.stack
      user = { exec = {
        apiVersion      = "client.authentication.k8s.io/v1beta1"
        command         = "kubelogin"
        interactiveMode = "Never"
        installHint     = "az aks install-cli"
        # The id is that of AKS itself, the same for everybody.
        args = [
          "get-token", "--login", "azurecli",
          "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630",
          "--tenant-id", data.azurerm_client_config.own.tenant_id,
        ]
      } }
    }]
  })
  # Before its machines are there and its maker may come in, a cluster is of no use.
  depends_on = [azurerm_kubernetes_cluster_node_pool.gpu, azurerm_role_assignment.admin]
}

output "pools" {
  description = "The machines: type, how many at least and at most, and whether only GPU work goes there."
  value = merge(
    { nodes = { type = var.nodes.type, min = var.nodes.min, max = var.nodes.max, tainted = false } },
    var.gpu == null ? {} : { gpu = { type = var.gpu.type, min = var.gpu.min, max = var.gpu.max, tainted = true } },
  )
}

# A pool grows and goes to zero by AKS's own autoscaler. The chart is installed by whoever installs what runs on the
# cluster: this module speaks to Azure only.
output "charts" {
  description = "Helm charts that the cluster needs, each pinned."
  value = var.gpu == null ? [] : [{
    name       = "gpu-operator"
    namespace  = "gpu-operator"
    repository = "https://helm.ngc.nvidia.com/nvidia"
    chart      = "gpu-operator"
    version    = "v25.3.0"
    values = jsonencode({
      driver     = { enabled = false }
      toolkit    = { enabled = false }
      operator   = { runtimeClass = "nvidia-container-runtime" }
      daemonsets = { tolerations = [{ key = "nvidia.com/gpu", operator = "Exists", effect = "NoSchedule" }] }
    })
  }]
}
