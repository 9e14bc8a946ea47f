"""The pages of a running stack that people can open, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.operations.find import Target, workspace_of
from stackwright.operations.smoke import plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.model.report import WebPage

PAGE = "page"  # the field by which an interface says that people can open it


def pages(target: Target) -> tuple[WebPage, ...]:
    """Every endpoint that a browser can open, in the plan's order."""
    from stackwright.model.report import WebPage

    found = []
    for component in plan_of(workspace_of(target)).components:
        for endpoint in component.endpoints.values():
            fields = endpoint.fields
            if isinstance(address := fields.get(PAGE), str):
                login = any(not isinstance(value, str | int) for value in fields.values())  # a secret among them
                user = str(fields.get("username", ""))
                found.append(WebPage(component.id, component.tool, component.layers, address, user, login))
    return tuple(found)


def place(target: Target) -> Path:
    """Where the landing page is written: it goes with the stack."""
    return workspace_of(target).root / "index.html"
