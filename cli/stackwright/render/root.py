"""The root module of one stack: a module call for each environment, component and grant, wires as references."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.folders import shipped
from stackwright.model.address import module_name
from stackwright.model.base import as_json, secrets_in
from stackwright.model.plan import Component, Environment, Plan, Wire
from stackwright.render import hcl

MODULES = ("environment", "network", "image", "process", "container", "grant")


@dataclass(frozen=True, slots=True)
class Process:
    """A component as the template sees it."""

    component: Component
    module: str
    after: tuple[str, ...]  # modules that must be there first
    endpoints: dict[str, Any]
    image: str = ""  # the module of what its containers are started from


@dataclass(frozen=True, slots=True)
class Grant:
    """A wire with a grant as the template sees it."""

    wire: Wire
    module: str
    generation: str  # what a new share follows from: the server's data folder, or what asks a server elsewhere


def render(plan: Plan, folder: Path) -> bool:
    """Write the root and the modules it uses; whether anything on disk changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    used = {name for name, calls in _calls(plan).items() if calls}
    wanted = {f"modules/{name}/main.tf": (shipped() / "modules" / name / "main.tf").read_bytes() for name in used}
    wanted["main.tf"] = main_tf(plan).encode()
    changed = [_write(folder / path, content) for path, content in sorted(wanted.items())]
    stale = [folder / "modules" / name for name in MODULES if name not in used and (folder / "modules" / name).is_dir()]
    for module in stale:
        shutil.rmtree(module)
    return any(changed) or bool(stale)


def main_tf(plan: Plan) -> str:
    """The text of main.tf; the same plan gives the same bytes."""
    return _filled("main.tf.j2", plan=plan, processes=_processes(plan), **_calls(plan))


def readme(plan: Plan) -> str:
    """What whoever finds a project that was rendered for plain Terraform has to know."""
    return _filled("project.md.j2", plan=plan, processes=_processes(plan))


def _calls(plan: Plan) -> dict[str, list[Any]]:
    """What each module is called for."""
    processes, installed = _processes(plan), [(e, _installed(e)) for e in plan.environments]
    containers = [one for one in processes if one.image]
    return {
        "environment": [(e, module) for e, module in installed if not e.base],
        "network": [plan.id] if containers else [],
        "image": [(e, module, module_name(f"image:{e.on}") if e.on else "") for e, module in installed if e.base],
        "process": [one for one in processes if not one.image],
        "container": containers,
        "grant": _grants(plan),
    }


def _filled(template: str, **names: Any) -> str:
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
    jinja.filters |= {"document": hcl.document, "quoted": hcl.quoted, "comment": hcl.comment}
    return jinja.get_template(template).render(**names)


def _processes(plan: Plan) -> list[Process]:
    images = {environment.key: _installed(environment) for environment in plan.environments if environment.base}
    return [
        Process(
            component,
            module_name(component.id),
            _after(plan, component),
            _endpoints(component),
            images.get(component.environment, ""),
        )
        for component in plan.components
        if component.spec is not None
    ]


def _installed(environment: Environment) -> str:
    return module_name(f"{'image' if environment.base else 'environment'}:{environment.key}")


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


def _after(plan: Plan, component: Component) -> tuple[str, ...]:
    """Its own environment and what it waits for, so that other installs go on while it starts."""
    installed = {environment.key: _installed(environment) for environment in plan.environments}
    first = [installed[component.environment]]
    if first[0].startswith("image--"):
        first.insert(0, "network")
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


def _write(path: Path, content: bytes) -> bool:
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
