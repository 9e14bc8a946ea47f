"""Manifest + catalog → plan, in five stages; each goes on after a mistake, so that all are told at once."""

from __future__ import annotations

from dataclasses import replace

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, StackError
from stackwright.model.manifest import Manifest
from stackwright.model.plan import Component, Note, Plan
from stackwright.resolve import wire_mistakes
from stackwright.resolve.assign import assign_ports
from stackwright.resolve.choose import choose
from stackwright.resolve.cluster import cluster_of
from stackwright.resolve.context import World
from stackwright.resolve.draft import Draft, Identity, Link
from stackwright.resolve.environments import environments
from stackwright.resolve.formats import formats
from stackwright.resolve.gpus import placed
from stackwright.resolve.jobs import jobs_plan
from stackwright.resolve.order import order
from stackwright.resolve.spec import component_of, wire_of
from stackwright.resolve.wire import wire


def resolve(manifest: Manifest, catalog: Catalog, identity: Identity) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan, or every mistake that keeps it from being made. Of a partial manifest only the choices are checked."""
    try:
        return _resolve(manifest, catalog, identity)
    except StackError as error:  # a catalog entry that cannot be read or filled in
        return None, list(error.diagnostics)


def _resolve(manifest: Manifest, catalog: Catalog, identity: Identity) -> tuple[Plan | None, list[Diagnostic]]:
    chosen, found = choose(manifest, catalog)
    if found or manifest.partial:  # wires to what is missing would only be told as more mistakes
        return None, found
    drafts, links, notes, found = wire(chosen, catalog)
    start, cycle = order([draft.id for draft in drafts], _servers(links))
    if cycle:
        found.append(wire_mistakes.cycle(cycle, drafts))
    installed, wrong = environments(manifest, drafts, links, catalog, identity.cache_dir)
    cluster, unfit = cluster_of(manifest, drafts, catalog)
    found += wrong + unfit
    wrong, told = formats(drafts, catalog)
    found, notes = found + wrong, notes + told
    if found:
        return None, found
    ports = assign_ports(manifest.name, drafts, identity.ports)
    world = World(catalog, identity, ports, installed, links, drafts, cluster)
    components, found = _described(drafts, start, world)
    return (None, found) if found else (_plan(manifest, drafts, placed(components), world, notes), [])


def _servers(links: list[Link]) -> dict[str, list[str]]:
    servers: dict[str, list[str]] = {}
    for link in links:
        servers.setdefault(link.consumer, []).append(link.server)
    return servers


def _described(drafts: list[Draft], start: list[str], world: World) -> tuple[list[Component], list[Diagnostic]]:
    """Every component in full, in start order; a value that a tool's own files cannot hold is told with its place."""
    known = {draft.id: draft for draft in drafts}
    components, found = [], list[Diagnostic]()
    for component_id in start:
        draft = known[component_id]
        try:
            world.enter(draft)
            components.append(component_of(draft, world))
        except StackError as error:
            found += [_placed(diagnostic, draft) for diagnostic in error.diagnostics]
    return components, found


def _placed(diagnostic: Diagnostic, draft: Draft) -> Diagnostic:
    detail = f"In {draft.shown}: {diagnostic.detail}"
    return replace(diagnostic, where=diagnostic.where or draft.where, detail=detail)


def _plan(
    manifest: Manifest, drafts: list[Draft], components: list[Component], world: World, notes: list[Note]
) -> Plan:
    order_of_layers = {draft.id: index for index, draft in enumerate(drafts)}
    by_layer = sorted(components, key=lambda component: order_of_layers[component.id])
    jobs, jobs_notes = jobs_plan(by_layer, world, manifest.jobs.system)
    unique = {environment.key: environment for environment in world.environments.values()}
    covered = {layer for draft in drafts for layer in draft.layers}
    return Plan(
        name=manifest.name,
        id=world.identity.id,
        blueprint=manifest.blueprint,
        workspace=str(world.identity.workspace),
        cluster=world.cluster,
        catalogs=world.catalog.names,
        components=tuple(components),
        wires=tuple(sorted((wire_of(link, world) for link in world.links), key=lambda made: made.id)),
        environments=tuple(unique[key] for key in sorted(unique)),
        secrets=_secrets(drafts, world.links),
        references={key: where for draft in drafts for key, where in draft.references.items()},
        jobs=jobs,
        uncovered=tuple(layer for layer in manifest.blueprint_layers if layer not in covered),
        notes=tuple(sorted([*notes, *jobs_notes], key=lambda note: (note.component, note.text))),
    )


def _secrets(drafts: list[Draft], links: list[Link]) -> tuple[str, ...]:
    """Every secret the runtime has to make: the recipes' own and one for each share of a server."""
    own = [f"{draft.id}.{name}" for draft in drafts for name in draft.recipe.secrets]
    return tuple(sorted([*own, *(link.id for link in links if link.grant)]))
