"""What `plan` and `validate` show: components, wires, what is not covered, and what Terraform would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stackwright.model.report import Change
from stackwright.views.cluster import cluster
from stackwright.views.page import ABSENT, Ink, Page, Row, counted, without_hash

if TYPE_CHECKING:
    from stackwright.model.cluster import ClusterPlan
    from stackwright.model.plan import Component, Plan, Wire

SIGNS = {
    "add": ("+", "green"),
    "change": ("~", "yellow"),
    "replace": ("-/+", "yellow"),
    "destroy": ("-", "red"),
}


def plan(page: Page, planned: Plan, changed: Sequence[Change], made: ClusterPlan | None = None) -> None:
    """The whole plan, with the cluster that is made for it."""
    blueprint = f", from the blueprint {planned.blueprint}" if planned.blueprint else ""
    page.line(Ink(planned.name, "bold"), f": {counted(len(planned.components), 'component')}{blueprint}")
    page.heading("Components", "in the order they start")
    page.table([_component(one) for one in planned.components], ("", "tool", "target", "address"), spill=1)
    if planned.wires:
        page.heading("Wires", "who needs what from whom; jobs: your code; own: its own share and login")
        page.table([_wire(one) for one in planned.wires], ("", "", "interface", ""), spill=2)
    _remarks(page, planned)
    if made:
        cluster(page, made)
    changes(page, [*(made.changes if made else ()), *changed])


def validated(page: Page, planned: Plan, file: str) -> None:
    """The short answer of `validate`."""
    parts = f"{counted(len(planned.components), 'component')}, {counted(len(planned.wires), 'wire')}"
    page.line(Ink("✓ ", "green"), f"{file} is right: {parts}.")
    _remarks(page, planned)


def changes(page: Page, changed: Sequence[Change]) -> None:
    """What Terraform would do, and its summary line."""
    real = [one for one in changed if one.action != "none"]
    if not real:
        page.blank()
        page.line("No changes: what is running is what the manifest says.")
        return
    page.heading("Changes", "what `stack up` would do")
    rows = []
    for one in real:
        sign, style = SIGNS[one.action]
        rows.append(Row((Ink(f"{sign:>3}", style), without_hash(one.what), Ink(one.kind, "dim"), one.why)))
    page.table(rows)
    page.blank()
    count: Counter[str] = Counter(one.action for one in real)
    page.line(", ".join(f"{count[action]} to {action}" for action in SIGNS if count[action]) + ".")


def address(component: Component) -> str:
    """What people type into a browser or a client: the web address, else host and port."""
    found = ""
    for endpoint in component.endpoints.values():
        url = endpoint.fields.get("url")
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            return url
        host, port = endpoint.fields.get("host"), endpoint.fields.get("port")
        found = found or (f"{host}:{port}" if host and port else "")
    return found or (", ".join(str(port) for port in component.ports.values()) if component.ports else ABSENT)


def _component(component: Component) -> Row:
    layers = [layer for layer in component.layers if layer != component.id]
    place = component.where
    where = f" ({place.file.rsplit('/', 1)[-1]}:{place.line})" if place else ""
    does = f"{'also ' if component.id in component.layers else ''}{', '.join(layers)}; " if layers else ""
    below = [Ink(f"{does}{component.because}{where}", "dim")]
    tool = f"{component.tool} {component.version}".rstrip()
    return Row((Ink(component.id, "bold"), tool, component.target, address(component)), below)


def _wire(wire: Wire) -> Row:
    share = "own" if wire.grant else ""
    return Row((wire.id, f"→ {wire.server}", wire.interface, share))


def _remarks(page: Page, planned: Plan) -> None:
    if planned.uncovered:
        named = f" {planned.blueprint}" if planned.blueprint else ""
        page.heading("Not covered", f"layers of the blueprint{named} without a tool")
        page.paragraph(", ".join(planned.uncovered), indent=2)
    if planned.notes:
        page.heading("Notes")
        page.table([Row((note.component, note.text)) for note in planned.notes])
