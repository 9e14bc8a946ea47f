"""A running stack as smoke sees it: its plan with the secrets in place, and where things lie."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stackwright.model.base import Text, as_json
from stackwright.model.catalog import Layer
from stackwright.model.plan import Component, Inside, Plan, Wire

if TYPE_CHECKING:
    from stackwright.smoke.within import Carrier

Fields = dict[str, Any]  # field of an interface -> its value
JOBS, SMOKE = "jobs", "smoke"  # consumers that are no components: the stack's jobs, and we ourselves
VERB_SECONDS = 300.0  # where a layer does not say


Install = Callable[[tuple[str, ...], str], Path]  # packages, a range of Pythons -> the environment with exactly those
Execute = Callable[[Component, list[str]], str]  # what a command says that runs in a component's own place


class Secrets(Protocol):
    """The stack's secrets, which the runtime keeps."""

    def fill(self, text: Any) -> str:
        """A text as it stands in a spec, with its secrets."""

    def redact(self, message: str) -> str:
        """A message without any of them, however they are encoded."""


@dataclass(frozen=True)
class Site:
    """What smoke knows of one running stack."""

    plan: Plan
    workspace: Path
    secrets: Secrets
    layers: Mapping[str, Layer]
    catalogs: tuple[Path, ...]  # that the plan was made from: ours, then other people's
    install: Install | None = None  # where jobs may have environments of their own
    inside: Execute | None = None  # where commands may be run beside a component
    carrier: Carrier | None = None  # for those who run jobs in pods

    def text(self, text: Text | int) -> Any:
        """A text with its secrets; a number stays one."""
        return text if isinstance(text, int) else self.secrets.fill(as_json(text))

    def fields(self, fields: Mapping[str, Text | int]) -> Fields:
        """The fields of an endpoint, or those that the consumer of a wire was given; ready to be used."""
        return {name: self.text(value) for name, value in fields.items()}

    @cached_property
    def wires(self) -> tuple[Wire, ...]:
        """The plan's wires, and ours to each endpoint of a layer's component that jobs have no client for."""
        taken = {(wire.server, wire.endpoint) for wire in self.plan.wires if wire.consumer == JOBS}
        ours = [
            Wire(
                consumer=SMOKE, need=re.sub(r"[^a-z0-9]+", "_", f"{component.id}_{name}"), server=component.id,
                endpoint=name, interface=endpoint.interface, fields=endpoint.fields, origin="stack",
            )
            for component in self.plan.components if component.layers
            for name, endpoint in component.endpoints.items() if (component.id, name) not in taken
        ]  # fmt: skip
        return (*self.plan.wires, *ours)

    def described(self, component: Component, there: Inside | None = None) -> dict[str, Any]:
        """What a component's verbs are told of it: addresses and credentials, its own and of its needs, and files.

        From this machine, or as jobs that run in a container see it.
        """
        endpoints = there.endpoints[component.id] if there else component.endpoints
        wires = [wire for wire in self.plan.wires if wire.consumer == component.id]
        needs = {wire.need: there.needs.get(wire.id) if there else wire.fields for wire in wires}
        return {
            "endpoints": {name: self.fields(endpoint.fields) for name, endpoint in endpoints.items()},
            "needs": {need: self.fields(fields) for need, fields in needs.items() if fields is not None},
            # By their path inside its run folder.
            "files": {path.partition(f"/{component.id}/run/")[2]: path for path in component.files},
        }

    def components(self, layer: str) -> tuple[Component, ...]:
        """The components that fill a layer, in the plan's order."""
        return tuple(c for c in self.plan.components if layer in c.layers)

    def timeout(self, layer: str, verb: str) -> float:
        """How long a verb may take."""
        known = self.layers.get(layer)
        return known.verbs[verb].timeout if known and verb in known.verbs else VERB_SECONDS

    def prefix(self, environment: str) -> Path:
        """Where an environment is installed."""
        return next(Path(e.prefix) for e in self.plan.environments if e.key == environment)

    def environment_of(self, component: Component) -> str:
        """Where a component's verbs run: in the jobs' environment when that holds a client for all it offers."""
        # Jobs are wired to exactly those interfaces that have a client.
        clients = {wire.interface for wire in self.plan.wires if wire.consumer == JOBS}
        offered = {endpoint.interface for endpoint in component.endpoints.values()}
        own = component.spoken_in or component.environment
        return self.plan.jobs.environment if offered and offered <= clients else own

    def folder(self, component: Component) -> Path:
        """The component's catalog entry."""
        found = (folder / component.tool for folder in self.catalogs)
        return next((entry for entry in found if entry.is_dir()), self.catalogs[0] / component.tool)

    def interface_file(self, name: str, kind: str = "") -> Path:
        """An interface's Python file: `<name>.py` probes it, `<name>_smoke.py` has the verbs of its servers."""
        files = [folder / "_interfaces" / f"{name}{kind}.py" for folder in self.catalogs]
        return next((file for file in files if file.is_file()), files[0])

    def verbs(self, component: Component) -> Path:
        """The file of a component's verbs: its entry's smoke.py, else that of the interface its endpoint is called."""
        own = self.folder(component) / "smoke.py"
        called = [name for name, endpoint in component.endpoints.items() if name == endpoint.interface]
        shared = [self.interface_file(name, "_smoke") for name in called]
        return next((file for file in (own, *shared) if file.is_file()), own)

    def process_env(self, environment: str, folder: Path) -> dict[str, str]:
        """The whole environment of a process of ours: nothing is inherited, least of all a proxy."""
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        return {
            "PATH": f"{self.prefix(environment)}/bin:{self.workspace}/bin:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(self.workspace / "jobs" / "lib"),
            "PYTHONSAFEPATH": "1",
            "PYTHONNOUSERSITE": "1",
            # Entries are shared, perhaps read-only; and a half-written cache must not outlive us.
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "STACK_ID": self.plan.id,
        }
