"""What the stack's jobs, `stack exec` and `stack shell` find in their environment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stackwright.model.base import Text
from stackwright.model.deployer import HostedDeployer
from stackwright.model.plan import Component, JobsPlan, Note
from stackwright.resolve.context import World
from stackwright.resolve.draft import JOBS
from stackwright.resolve.spec import standard_env


def jobs_plan(
    components: Iterable[Component], world: World, system: tuple[str, ...] = ()
) -> tuple[JobsPlan, list[Note]]:
    """The jobs' environment, variables and programs; `components` in the order of the manifest's layers."""
    components = list(components)
    standard, notes = _standard(components, world)
    own: dict[str, Text] = {}
    for component in components:
        for name, value in _own(component):
            own.setdefault(name, value)
        if component.target == HostedDeployer.target:
            own = {**component.env, **own}
            client = world.catalog.hosted(component.tool).client
            if client not in world.environments[JOBS].packages:
                text = f'jobs that speak to it need its client, which they have with `jobs.packages: ["{client}"]`.'
                notes.append(Note(component=component.id, text=text))
    env = {**own, **standard}
    key = world.environments[JOBS].key
    return JobsPlan(environment=key, env=dict(sorted(env.items())), system=system), notes


def _standard(components: list[Component], world: World) -> tuple[dict[str, Text], list[Note]]:
    """Each interface's own variables, from the first component that offers it."""
    links = {(link.server, link.endpoint): link for link in world.links if link.consumer == JOBS}
    env: dict[str, Text] = {}
    speaks: dict[str, str] = {}
    notes = []
    for component in components:
        for name, endpoint in component.endpoints.items():
            link = links.get((component.id, name))
            found = standard_env(world.over(link), world) if link else {}
            if not found:
                continue
            first = speaks.setdefault(endpoint.interface, component.id)
            if first == component.id:
                env = {**found, **env}
            else:
                variables = f"`{_prefix(component.id)}_…`"
                text = f"jobs find `{first}` by the variables of `{endpoint.interface}`; this one by {variables}."
                notes.append(Note(component=component.id, text=text))
    return env, notes


def _own(component: Component) -> Iterable[tuple[str, Text]]:
    """STACK_<COMPONENT>_<FIELD> of the first endpoint, STACK_<COMPONENT>_<ENDPOINT>_<FIELD> of the others."""
    for index, (name, endpoint) in enumerate(component.endpoints.items()):
        prefix = _prefix(component.id if index == 0 else f"{component.id}_{name}")
        for field, value in endpoint.fields.items():
            yield f"{prefix}_{_word(field)}", str(value) if isinstance(value, int) else value


def _prefix(text: str) -> str:
    return f"STACK_{_word(text)}"


def _word(text: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", text.upper())
