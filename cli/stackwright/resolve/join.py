"""Servers that nobody chose: the default tool of an interface joins the stack to answer a required need."""

from __future__ import annotations

from collections.abc import Iterable

from stackwright.catalog.load import Catalog
from stackwright.model.catalog import Need, Tool
from stackwright.resolve.draft import Draft
from stackwright.resolve.settings import default_settings


def default_server(draft: Draft, name: str, need: Need, reason: str, catalog: Catalog) -> tuple[Draft, str] | None:
    """The component `<consumer>.<need>` and its endpoint that answers, or None where no default tool can."""
    for interface in need.interface:
        tool_id = catalog.interface(interface).default
        if tool_id is None or draft.target not in catalog.targets(tool_id):
            continue
        tool, recipe = catalog.tool(tool_id), catalog.recipe(tool_id)
        endpoint = _endpoint(tool, interface, need.features)
        if recipe and endpoint:
            server = Draft(
                id=f"{draft.id}.{name}",
                tool=tool,
                recipe=recipe,
                target=draft.target,
                because=f"{draft.shown} needs a `{interface}` and {reason}",
                where=draft.where,
                settings=default_settings(tool, catalog.folder(tool_id)),
                joined=True,
            )
            return server, endpoint
    return None


def _endpoint(tool: Tool, interface: str, features: tuple[str, ...]) -> str | None:
    """The first endpoint of a tool that speaks the interface and has the features."""
    for endpoint, spoken in tool.provides.items():
        if spoken == interface and set(features) <= set(tool.features.get(endpoint, ())):
            return endpoint
    return None


def descends_from(draft: Draft, drafts: Iterable[Draft], tool: str) -> bool:
    """Whether a component joined, over however many steps, for the sake of one that runs this tool."""
    lineage = f"{draft.id}."
    return any(other.tool.id == tool and lineage.startswith(f"{other.id}.") for other in drafts)
