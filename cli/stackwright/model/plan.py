"""The plan: what resolve decides and everything after it only carries out. Frozen, sorted, free of secrets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from stackwright.errors import Where
from stackwright.model.base import Model, Text
from stackwright.model.cluster import Cluster
from stackwright.model.deployer import CONTAINED, ELSEWHERE
from stackwright.model.manifest import Reference


class Environment(Model):
    """A set of packages installed together, shared read-only between stacks."""

    key: str  # <tool or "jobs">-<16 hex digits of what it is made of>
    python: str  # a version range
    lock: str | None = None  # the entry's hashed lock; None: resolved at `up` from `packages`, cached by key
    packages: tuple[str, ...] = ()
    sources: dict[str, tuple[str, ...]] = {}  # what comes from elsewhere than PyPI: `debian`, …
    locks: dict[str, str] = {}  # the entry's lock of a source
    prefix: str  # where it is installed
    base: str | None = None  # in an image made from this one; None: on this machine
    on: str | None = None  # key of the image that comes between the base and this one
    system: tuple[str, ...] = ()  # programs that the image has to have beside

    @property
    def spec(self) -> dict[str, Any]:
        """What the provider installs (docs/architecture.md)."""
        return {"v": 1, **self.model_dump(mode="json", exclude={"on"} if self.base else {"on", "base", "system"})}


class Endpoint(Model):
    """An address a component offers: the fields of its interface as the stack's jobs see them."""

    interface: str
    fields: dict[str, Text | int]


class Component(Model):
    """A deployer chosen for this stack."""

    id: str  # `experiment-tracking`, `labeling.store`, `database:second`
    tool: str
    version: str
    target: str
    kind: Literal["service", "library", "job"]
    layers: tuple[str, ...] = ()
    because: str  # why it is here, for people
    where: Where | None = None
    settings: dict[str, Any] = {}
    environment: str  # key of the Environment that it runs in
    spoken_in: str | None = None  # key of that in which its verbs are spoken, where that is neither this nor the jobs'
    system: tuple[str, ...] = ()  # programs of this machine that it calls
    ports: dict[str, int] = {}
    endpoints: dict[str, Endpoint] = {}
    given: Endpoint | None = None  # of what runs elsewhere: as the manifest gives it, nobody's share
    features: dict[str, tuple[str, ...]] = {}
    env: dict[str, Text] = {}  # the variables of its processes; for a library, of whoever uses it
    files: dict[str, Text] = {}  # absolute path -> content
    spec: dict[str, Any] | None = None  # what the provider starts (docs/architecture.md); None for a library
    after: tuple[str, ...] = ()  # components and grants ("grant:<consumer>.<need>") that must be there first

    @property
    def elsewhere(self) -> bool:
        """Whether somebody else runs it: nothing of it is started here, and nothing taken down."""
        return self.target in ELSEWHERE

    @property
    def contained(self) -> bool:
        """Whether it runs from an image, and not on what this machine has installed."""
        return self.target in CONTAINED


class Wire(Model):
    """A need of one component answered by an endpoint of another."""

    consumer: str  # component id, or `jobs`
    need: str
    server: str
    endpoint: str
    interface: str
    fields: dict[str, Text | int] = {}  # what the consumer is given: its own address and credentials
    origin: Literal["manifest", "stack", "default"]
    grant: dict[str, Any] | None = None  # the grant's spec; None where the server is shared as it is

    @property
    def id(self) -> str:
        """`<consumer>.<need>`, unique in a stack."""
        return f"{self.consumer}.{self.need}"


class Note(Model):
    """Something the resolver decided that people should know: an optional need left empty, say."""

    component: str
    text: str


class Inside(Model):
    """The stack as jobs see it that are run in a container."""

    prefix: str  # of their environment
    env: dict[str, Text]
    endpoints: dict[str, dict[str, Endpoint]]  # of each component
    needs: dict[str, dict[str, Text | int]]  # the fields of each wire, by its id


class JobsPlan(Model):
    """How the stack's jobs, `stack exec` and `stack shell` reach it."""

    environment: str
    env: dict[str, Text]
    system: tuple[str, ...] = ()  # programs of this machine that they call
    inside: Inside | None = None  # where a component in containers runs jobs


class Plan(Model):
    """The whole answer; `plan.json` is its JSON."""

    v: Literal[1] = 1
    name: str
    id: str  # name and six hex digits
    blueprint: str | None = None
    workspace: str
    cluster: Cluster | None = None  # that of the components on it
    catalogs: tuple[str, ...] = ()  # beside the shipped one, by their names
    components: tuple[Component, ...]  # in start order
    wires: tuple[Wire, ...]
    environments: tuple[Environment, ...]
    secrets: tuple[str, ...]  # keys to generate
    references: dict[str, Reference] = Field(default={}, exclude=True)  # key -> where the user has that secret
    jobs: JobsPlan
    uncovered: tuple[str, ...] = ()  # layers of the blueprint without a tool
    notes: tuple[Note, ...] = ()

    def component(self, component_id: str) -> Component:
        """The component of that id; KeyError when there is none."""
        for component in self.components:
            if component.id == component_id:
                return component
        raise KeyError(component_id)
