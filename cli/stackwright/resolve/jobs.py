"""What the stack's jobs, `stack exec` and `stack shell` find in their environment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stackwright.model.base import Text
from stackwright.model.deployer import Contained, HostedDeployer
from stackwright.model.plan import Component, Inside, JobsPlan, Note
from stackwright.resolve.context import World, as_endpoint
from stackwright.resolve.draft import JOBS, listed, runs_jobs
from stackwright.resolve.spec import offered, standard_env


def jobs_plan(
    components: Iterable[Component], world: World, system: tuple[str, ...] = ()
) -> tuple[JobsPlan, list[Note]]:
    """The jobs' environment, variables and programs; `components` in the order of the manifest's layers."""
    components = list(components)
    env, notes = _variables(components, world, world.viewer(JOBS))
    key, inside = world.environments[JOBS].key, None
    runners = [c.id for c in components if c.spec and runs_jobs(world.drafts[c.id], world.catalog)]
    runners = [name for name in runners if world.drafts[name].contained]
    if runners:
        inside, more = _inside(components, world, runners)
        notes += more
    return JobsPlan(environment=key, env=env, system=system, inside=inside), notes


def _inside(components: list[Component], world: World, runners: list[str]) -> tuple[Inside, list[Note]]:
    """The same for those that are run in containers: they see the stack from there."""
    there = world.drafts[runners[0]].target  # all of them are in one place
    notes, seen = list[Note](), list[Component]()
    for component in components:
        draft = world.drafts[component.id]
        why = world.unreached(there, component.id) if component.endpoints else ""
        if why:
            text = f"jobs that {listed(runners)} runs do without `{component.id}`: {why}."
            notes.append(Note(component=component.id, text=text))
        endpoints = {} if why else offered(draft, world, there)
        seen.append(component.model_copy(update={"endpoints": endpoints}))
    env, _ = _variables(seen, world, there)
    endpoints_of = {component.id: component.endpoints for component in seen}
    reached = [link for link in world.links if not world.unreached(there, link.server)]
    needs = {link.id: as_endpoint(link.interface, world.over(link, there)).fields for link in reached}
    return Inside(prefix=Contained.jobs, env=env, endpoints=endpoints_of, needs=needs), notes


def _variables(components: list[Component], world: World, viewer: str) -> tuple[dict[str, Text], list[Note]]:
    standard, notes = _standard(components, world, viewer)
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
    return dict(sorted({**own, **standard}.items())), notes


def _standard(components: list[Component], world: World, viewer: str) -> tuple[dict[str, Text], list[Note]]:
    """Each interface's own variables, from the first component that offers it."""
    links = {(link.server, link.endpoint): link for link in world.links if link.consumer == JOBS}
    env: dict[str, Text] = {}
    speaks: dict[str, str] = {}
    notes = []
    for component in components:
        for name, endpoint in component.endpoints.items():
            link = links.get((component.id, name))
            found = standard_env(world.over(link, viewer), world) if link else {}
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
