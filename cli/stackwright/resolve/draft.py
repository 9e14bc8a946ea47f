"""What the stages hand on: components and wires that are decided but not yet described in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from stackwright.catalog.load import Catalog
from stackwright.errors import Where
from stackwright.model.catalog import Recipe, Tool
from stackwright.model.deployer import CONTAINED
from stackwright.model.manifest import Reference

JOBS = "jobs"  # the consumer that stands for the stack's own jobs; no layer may be called so


@dataclass(frozen=True)
class Identity:
    """Who a stack is, as far as that is settled before it is resolved."""

    id: str  # name and six hex digits
    workspace: Path
    ports: Mapping[str, int]  # "<component>.<endpoint>" -> the port it had before
    root: bool
    state_dir: Path
    cache_dir: Path
    user: str = "1000:1000"  # and group, as numbers


@dataclass
class Draft:
    """A component on its way into the plan."""

    id: str
    tool: Tool
    recipe: Recipe
    target: str
    because: str
    where: Where
    keys: list[str] = field(default_factory=list)  # what the manifest calls it
    layers: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # wires the manifest names
    gpus: int = 0  # of each process that does the work; 0: as the recipe says
    places: dict[str, Where] = field(default_factory=dict)
    given: dict[str, Any] | None = None  # of what runs elsewhere: its endpoint's fields, or its variables
    references: dict[str, Reference] = field(default_factory=dict)  # key of a secret -> where the user has it
    endpoint: dict[str, Any] | None = None  # as the manifest writes it
    joined: bool = False  # nobody chose it: it answers a need that nothing else answered

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"`{self.id}` ({self.tool.id})"

    @property
    def runs(self) -> bool:
        """Whether processes of it are started; a library is there when it is installed."""
        return bool(self.recipe.command or self.recipe.processes)

    @property
    def contained(self) -> bool:
        """Whether it runs from an image, and not on what this machine has installed."""
        return self.target in CONTAINED

    def place(self, key: str) -> Where:
        """Where the manifest says something about it."""
        return self.places.get(key, self.where)

    def known_as(self, word: str) -> bool:
        """Whether a word of the manifest means it: its id, its layer, or the key it was written under."""
        return word in (self.id, *self.keys, *self.layers)


@dataclass(frozen=True)
class Link:
    """A wire on its way into the plan."""

    consumer: str
    need: str  # as the tool declares it
    slot: str  # unique for the consumer: the need, or for a `many` need one for each server
    server: str
    endpoint: str
    interface: str
    origin: Literal["manifest", "stack", "default"]
    grant: str | None = None  # the name of its share of the server

    @property
    def id(self) -> str:
        """`<consumer>.<slot>`, as the plan names the wire and its secret."""
        return f"{self.consumer}.{self.slot}"


def runs_jobs(draft: Draft, catalog: Catalog) -> bool:
    """Whether jobs of the stack are run by its processes."""
    layers = catalog.layers()
    return draft.runs and any("run_job" in layers[layer].verbs for layer in draft.layers)


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
