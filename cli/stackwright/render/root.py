"""The root module of one stack: a module call for each environment, component and grant, wires as references."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stackwright.folders import shipped
from stackwright.model.address import module_name
from stackwright.model.base import as_json, secrets_in
from stackwright.model.plan import Component, Environment, Plan, Wire
from stackwright.render import hcl
from stackwright.render.release import values

MODULES = ("environment", "network", "image", "process", "container", "namespace", "delivery", "helm-release", "grant")
CHART = "charts/service"


@dataclass(frozen=True, slots=True)
class Process:
    """A component as the template sees it."""

    component: Component
    kind: str  # which module it is a call of
    module: str
    after: tuple[str, ...]  # modules that must be there first
    endpoints: dict[str, Any]
    image: str = ""  # the module of what its containers are started from
    values: dict[str, Any] | None = None  # what a chart is told


@dataclass(frozen=True, slots=True)
class Grant:
    """A wire with a grant as the template sees it."""

    wire: Wire
    module: str
    generation: str  # what a new share follows from: the server's data folder, or what asks a server elsewhere


def render(plan: Plan, folder: Path) -> bool:
    """Write the root and the modules it uses; whether anything on disk changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    used = [name for name, calls in _calls(plan).items() if calls]
    used += [CHART] if "helm-release" in used else []
    wanted = {f"modules/{name}/{file}": content for name in used for file, content in _shipped(name).items()}
    wanted["main.tf"] = main_tf(plan).encode()
    changed = [write(folder / path, content) for path, content in sorted(wanted.items())]
    known = [file for name in (*MODULES, CHART) for file in (folder / "modules" / name).rglob("*") if file.is_file()]
    stale = [file for file in known if str(file.relative_to(folder)) not in wanted]  # Helm would use what lies there
    for file in stale:
        file.unlink()
    for name in (*MODULES, CHART):
        if name not in used:
            shutil.rmtree(folder / "modules" / name, ignore_errors=True)
    return any(changed) or bool(stale)


def _shipped(module: str) -> dict[str, bytes]:
    """The files of a module or chart by their paths in it."""
    home = shipped() / "modules" / module
    return {str(file.relative_to(home)): file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file()}


def main_tf(plan: Plan) -> str:
    """The text of main.tf; the same plan gives the same bytes."""
    return filled("main.tf.j2", plan=plan, processes=_processes(plan), **_calls(plan))


def readme(plan: Plan) -> str:
    """What whoever finds a project that was rendered for plain Terraform has to know."""
    return filled("project.md.j2", plan=plan, processes=_processes(plan))


def _calls(plan: Plan) -> dict[str, list[Any]]:
    """What each module is called for."""
    processes, installed = _processes(plan), [(e, _installed(e)) for e in plan.environments]
    kinds = {kind: [one for one in processes if one.kind == kind] for kind in ("process", "container", "helm-release")}
    pods = [one.component.environment for one in kinds["helm-release"]]
    return {
        "environment": [(e, module) for e, module in installed if not e.base],
        "network": [plan.id] if kinds["container"] else [],
        "image": [(e, module, module_name(f"image:{e.on}") if e.on else "") for e, module in installed if e.base],
        "namespace": [(plan.id, _cluster(plan))] if pods else [],
        "delivery": [(e, _delivered(e), module, _cluster(plan)) for e, module in installed if e.key in pods],
        **kinds,
        "grant": _grants(plan),
    }


def _cluster(plan: Plan) -> dict[str, Any]:
    """Which cluster, and how images get there; what its credentials are, the kubeconfig says."""
    wanted = {"provider", "context", "registry", "load"}
    return {"v": 1, **(plan.cluster.model_dump(include=wanted) if plan.cluster else {})}


def filled(template: str, **names: Any) -> str:
    """A template's text, with everything that it names."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    jinja = SandboxedEnvironment(
        loader=FileSystemLoader(shipped() / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # not HTML: `document`, `quoted` and `comment` escape for HCL
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters |= {"document": hcl.document, "yaml": hcl.yaml_document, "quoted": hcl.quoted, "comment": hcl.comment}
    return jinja.get_template(template).render(**names)


def _processes(plan: Plan) -> list[Process]:
    return [_process(plan, component) for component in plan.components if component.spec is not None]


def _process(plan: Plan, component: Component) -> Process:
    environment = next(one for one in plan.environments if one.key == component.environment)
    kind, image, told = "process", "", None
    if "container" in (component.spec or {}):
        kind, image = "container", _installed(environment)
    elif "pod" in (component.spec or {}):
        kind, image, told = "helm-release", _delivered(environment), values(component, plan.id, _chart())
    after = _after(plan, component, kind)
    return Process(component, kind, module_name(component.id), after, _endpoints(component), image, told)


@cache
def _chart() -> str:
    """The house chart in one word: Helm knows a chart by its path, and would not see that its files are others."""
    digest = hashlib.sha256()
    for file, content in _shipped(CHART).items():
        digest.update(f"{file} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _installed(environment: Environment) -> str:
    return module_name(f"{'image' if environment.base else 'environment'}:{environment.key}")


def _delivered(environment: Environment) -> str:
    return module_name(f"delivery:{environment.key}")


def _grants(plan: Plan) -> list[Grant]:
    return [
        Grant(wire, module_name(f"grant:{wire.id}"), _generation(plan.component(wire.server)))
        for wire in sorted(plan.wires, key=lambda wire: wire.id)
        if wire.grant is not None
    ]


def _generation(server: Component) -> str:
    if server.elsewhere:
        return f"module.{module_name(f'environment:{server.environment}')}.id"
    return f"module.{module_name(server.id)}.generation"


def _after(plan: Plan, component: Component, kind: str) -> tuple[str, ...]:
    """Its own environment and what it waits for, so that other installs go on while it starts."""
    installed = {environment.key: _installed(environment) for environment in plan.environments}
    own = installed[component.environment]
    first = {"process": [own], "container": ["network", own], "helm-release": ["namespace"]}[kind]
    for subject in component.after:
        if subject.startswith("grant:") or plan.component(subject).spec is not None:
            first.append(module_name(subject))
        else:  # a library is there when it is installed
            first.append(installed[plan.component(subject).environment])
    return tuple(dict.fromkeys(first))


def _endpoints(component: Component) -> dict[str, Any]:
    """What it offers, without any field that has a secret in it."""
    return {
        name: {
            "interface": endpoint.interface,
            **{
                field: value if isinstance(value, int) else as_json(value)
                for field, value in endpoint.fields.items()
                if isinstance(value, int) or not secrets_in(value)
            },
        }
        for name, endpoint in component.endpoints.items()
    }


def write(path: Path, content: bytes) -> bool:
    """Whether the file had to be written; a reader never sees half of one."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".new")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
    return True
