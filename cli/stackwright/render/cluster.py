"""The root of a cluster that comes with a stack: it is applied first, and what it tells is what the stack runs on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from stackwright.folders import shipped
from stackwright.model.cluster import LOCAL, Cluster, Pool
from stackwright.render.root import filled, write

OUTPUTS = ("name", "context", "kubeconfig", "charts")


class _Provider(NamedTuple):
    """A provider of Terraform's as a cluster's root configures it; its credentials are the user's own."""

    name: str
    source: str
    settings: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()  # that it wants to see, empty as they are


_OURS = _Provider("stackwright", "stackwright.internal/stackwright/stackwright", ("workspace",))
_PROVIDERS = {
    "kind": _OURS,
    "k3s": _OURS,
    "aws-eks": _Provider("aws", "hashicorp/aws", ("region",)),
    "gcp-gke": _Provider("google", "hashicorp/google", ("project", "region")),
    "azure-aks": _Provider("azurerm", "hashicorp/azurerm", ("subscription_id",), ("features",)),
}


class Asked(NamedTuple):
    """What a cluster is rendered from."""

    cluster: Cluster
    stack: str  # its id
    workspace: str
    region: str
    account: str
    pools: tuple[Pool, ...]
    zones: tuple[str, ...]  # that have the machines with GPUs


def render_cluster(asked: Asked, folder: Path) -> None:
    """Write the root, and the module that it calls."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    module = f"cluster-{asked.cluster.provider}"
    for file in sorted((shipped() / "modules" / module).glob("*.tf")):
        write(folder / "modules" / module / file.name, file.read_bytes())
    for other in (folder / "modules").iterdir():
        if other.name != module:
            shutil.rmtree(other)
    write(folder / "main.tf", cluster_tf(asked).encode())


def cluster_tf(asked: Asked) -> str:
    """The text of main.tf."""
    one = _PROVIDERS[asked.cluster.provider]
    known = {"workspace": asked.workspace, "region": asked.region}
    known |= dict.fromkeys(("project", "subscription_id"), asked.account)
    return filled(
        "cluster.tf.j2",
        name=asked.stack,
        provider=one.name,
        source=one.source,
        settings={key: known[key] for key in one.settings},
        blocks=one.blocks,
        module=f"cluster-{asked.cluster.provider}",
        variables=_variables(asked),
        outputs=OUTPUTS,
    )


def charts_tf(charts: list[dict[str, Any]]) -> str:
    """Helm releases that the cluster needs before anything of the stack can want a GPU, say."""
    return filled("charts.tf.j2", charts=[{**chart, "values": json.loads(chart["values"])} for chart in charts])


def charts_of_root_tf() -> str:
    """The same for a project that plain Terraform runs: what they are is told by the cluster's state."""
    return filled("cluster-charts.tf.j2")


def _variables(asked: Asked) -> dict[str, Any]:
    if asked.cluster.provider in LOCAL:
        return {"stack": asked.stack}
    variables: dict[str, Any] = {"stack": asked.stack, "region": asked.region}
    for pool in asked.pools:
        size = {"type": pool.machine, "min": pool.min, "max": pool.max}
        if pool.name == "gpu":
            size |= {"accelerator": pool.gpu, "count": pool.gpus, "zones": list(asked.zones)}
        variables[pool.name] = size
    return variables
