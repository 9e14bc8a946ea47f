"""The cluster's nouns: what the manifest asks for, and what is known of it before anything is made."""

from __future__ import annotations

from typing import Literal, NamedTuple

from stackwright.errors import Where
from stackwright.model.base import Model
from stackwright.model.report import Change, Verdict

EXISTING = "existing"
LOCAL = ("kind", "k3s")  # made on this machine's container engine
CLOUDS = ("aws-eks", "gcp-gke", "azure-aks")
PROVIDERS = (EXISTING, *LOCAL, *CLOUDS)


class Nodes(Model):
    """The machines that everything runs on but what wants a GPU."""

    type: str | None = None  # as the cloud calls it; None: what the price table proposes
    min: int = 1
    max: int = 3


class Gpu(Model):
    """The machines with GPUs: as many as pods ask for, none where nobody does."""

    type: str  # `nvidia-l4`, the same word on every cloud, or a machine as the cloud calls it
    min: int = 0
    max: int = 1


class Cluster(Model):
    """Where `target: kubernetes` runs, and what has to be made for it."""

    provider: str = EXISTING
    context: str | None = None  # of `existing`
    registry: str | None = None
    load: str | None = None
    storage: str = "8Gi"
    storage_class: str | None = None
    region: str | None = None
    nodes: Nodes = Nodes()
    gpu: Gpu | None = None
    where: Where | None = None
    places: dict[str, Where] = {}  # "gpu.type" -> where

    @property
    def made(self) -> bool:
        """Whether it comes with the stack, and goes with it."""
        return self.provider != EXISTING


class Pool(NamedTuple):
    """Machines of one kind, as many as are wanted between two numbers."""

    name: Literal["nodes", "gpu"]
    machine: str  # as the cloud calls it
    min: int
    max: int
    cpu: int = 0  # of one machine; 0: not known
    memory: int = 0  # GiB
    gpu: str = ""  # `nvidia-l4`
    gpus: int = 0  # in one machine
    price: float | None = None  # of one machine for an hour; None: the table has none for this region


class Extra(NamedTuple):
    """What is paid for beside the machines' own price."""

    what: str
    per: Literal["cluster", "machine"]
    price: float  # for an hour


class Answer(NamedTuple):
    """What a cloud said to one question, before anything was made."""

    question: Literal["credentials", "region", "machine", "quota", "program"]
    answer: str


class ClusterPlan(NamedTuple):
    """What `stack plan` shows of a cluster that `stack up` makes."""

    provider: str
    name: str
    region: str
    account: str  # who pays
    pools: tuple[Pool, ...]
    control_plane: float | None  # for an hour; None: not known for this region
    extras: tuple[Extra, ...]
    per_hour: tuple[float | None, float | None]  # all of it, at the least and at the most
    currency: str
    source: str  # of the prices
    date: str  # of the prices
    answers: tuple[Answer, ...]
    run: Verdict  # whether the Terraform module was ever really run
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()
