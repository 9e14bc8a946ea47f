"""What `status`, `list`, `outputs` and the end of `up` show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackwright.model.report import ComponentStatus, StackEntry, StackStatus, UpResult
from stackwright.views.page import ABSENT, Ink, Page, Row, counted, seconds

STATES = {
    "up": "green",
    "ready": "green",
    "external": "green",
    "hosted": "green",
    "restarting": "yellow",
    "partly up": "yellow",
    "down": "dim",
    "failed": "bold red",
}


def status(page: Page, result: StackStatus) -> None:
    """Every component as it is now, and why one is not up."""
    total, fine = len(result.components), sum(component.fine for component in result.components)
    word = "up" if result.healthy else "partly up" if fine else "down"
    count = f": {'all' if result.healthy else fine} of {counted(total, 'component')}."
    page.line(Ink(result.name, "bold"), " is ", Ink(word, STATES[word]), count)
    page.line(Ink(f"  {result.workspace}", "dim"))
    page.blank()
    _components(page, result.components)
    if any(component.state in ("failed", "down") for component in result.components):
        page.blank()
        page.line(Ink("hint: ", "cyan"), "repair what is not up with")
        page.line(Ink(f"    stack up {result.name}", "bold"))


def up(page: Page, result: UpResult) -> None:
    """What `up` came to, and what to do next."""
    started(page, result)
    page.blank()
    page.listing(
        {
            f"stack smoke {result.name}": "prove that it works together",
            f"stack outputs {result.name}": "addresses and names for your code",
            f"stack down {result.name}": "remove all of it",
        }
    )


def started(page: Page, result: UpResult) -> None:
    """What `up` changed, and what runs where."""
    done = [change for change in result.changes if change.action != "none"]
    state = "is up" if result.status.healthy else "is not well"
    changed = counted(len(done), "change") if done else "nothing had to change"
    page.line(Ink(f"{result.name} {state}", "bold"), f": {changed}, {seconds(result.seconds)}.")
    page.blank()
    _components(page, result.status.components)


def stacks(page: Page, entries: Sequence[StackEntry]) -> None:
    """The stacks of this user."""
    if not entries:
        page.line("No stacks. Make one with")
        page.line(Ink("    stack init my-stack", "bold"))
        page.line("or see a whole one work, and go again, with")
        page.line(Ink("    stack demo", "bold"))
        return
    rows = [
        Row((Ink(entry.name, "bold"), _state(entry.state), _day(entry.created), entry.manifest or entry.workspace))
        for entry in entries
    ]
    page.table(rows, ("name", "state", "created", "manifest"), indent=0, spill=1)


def outputs(page: Page, result: Mapping[str, Mapping[str, object]]) -> None:
    """Every field of every endpoint, one a line: `tracking.url  http://…`."""
    if not result:
        page.line("The stack offers no endpoints.")
    for component, fields in result.items():
        page.heading(component)
        page.table([Row((Ink(name, "dim"), str(value))) for name, value in fields.items()])
    if any("***" in str(value) for fields in result.values() for value in fields.values()):
        page.blank()
        page.line(Ink("*** is a secret; it is shown by `stack outputs --show-secrets`", "dim"))


def _components(page: Page, components: Sequence[ComponentStatus]) -> None:
    page.table([_component(one) for one in components], ("", "tool", "state", "since", "address"), spill=1)


def _component(component: ComponentStatus) -> Row:
    restarts = sum(process.restarts for process in component.processes)
    since = min((process.seconds for process in component.processes), default=None)
    below: list[Ink] = []
    for process in component.processes:
        if process.state == "up":
            continue
        name = f"{process.name}: " if len(component.processes) > 1 else ""
        first, *rest = (process.reason or process.state).splitlines()
        below.append(Ink(f"{name}{first}", "yellow" if process.state == "restarting" else "red"))
        below += [Ink(f"  {line}", "dim") for line in rest]
    if restarts:
        below.insert(0, Ink(f"restarted {counted(restarts, 'time')}", "dim"))
    cells = (
        Ink(component.id, "bold"),
        f"{component.tool} {component.version}".rstrip(),
        _state(component.state),
        Ink(seconds(since) if since else "", "dim"),
        component.url or ABSENT,
    )
    return Row(cells, below)


def _state(state: str) -> Ink:
    return Ink(state, STATES.get(state, ""))


def _day(created: str) -> str:
    """`2026-11-24 06:01` of an ISO time in UTC, in the user's own zone."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return created
