"""Which wires of a stack are broken, told so that the wire is named and not only what suffers from it."""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from stackwright.errors import Diagnostic, StackError
from stackwright.model.report import Event, Progress, WireCheck
from stackwright.operations.find import plan_of
from stackwright.operations.status import status_of
from stackwright.operations.trust import other_folders
from stackwright.runtime.secrets import Secrets
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.model.plan import Plan


def broken_wires(chosen: Plan, workspace: Workspace, consumers: Collection[str] | None = None) -> list[Diagnostic]:
    """One real operation over every wire (of these consumers), with its own credentials; an error for each failure."""
    from stackwright.smoke import check_wires

    secrets, others = Secrets(workspace.secrets_file), other_folders(chosen)
    checks = check_wires(chosen, workspace.root, secrets, consumers=consumers, others=others)
    return [_broken(check, chosen) for check in checks if not check.passed]


class EarlyLook:
    """The wires of the plan that a stack came up with last, asked in the background while the next one is made.

    When nothing turns out to have changed, nobody has to wait for them.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._fine: Plan | None = None  # the plan all of whose wires answered
        self._thread = threading.Thread(target=self._look, daemon=True, name="early look")

    def __enter__(self) -> EarlyLook:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody of ours is left when `up` ends."""
        self._thread.join()

    def saw_all_well(self, chosen: Plan) -> bool:
        """Whether every wire of this very plan answered."""
        self._thread.join()
        return self._fine == chosen

    def _look(self) -> None:
        with suppress(StackError, ValueError):  # no plan, or no environment for probes: they are asked again, aloud
            plan = plan_of(self._workspace)
            if all(c.fine for c in status_of(self._workspace).components) and not broken_wires(plan, self._workspace):
                self._fine = plan


class WireWatch:
    """Takes the progress of `up`, and looks at the wires of a component that keeps everybody waiting.

    A server whose database refuses it may wait for minutes without a word: its wires are probed instead, and the
    start is given up when one of them is broken, twice in a row, because a busy machine may be late once.
    """

    def __init__(self, chosen: Plan, workspace: Workspace, progress: Progress) -> None:
        self._chosen, self._workspace, self._progress = chosen, workspace, progress
        self._phases: dict[str, str] = {}  # by component
        self._suspected: dict[str, set[str]] = {}

    def __call__(self, event: Event) -> None:
        """Pass it on; StackError ends the start of the component it is about."""
        self._progress(event)
        before, self._phases[event.component] = self._phases.get(event.component), event.phase
        if before == event.phase == "waiting":
            self._suspect(event.component)

    def explain(self, error: StackError) -> StackError:
        """The same error behind its causes: the broken wires of what had begun to start and did not come up."""
        stuck = [component for component, phase in self._phases.items() if phase in ("starting", "waiting")]
        return StackError(dict.fromkeys([*self._broken(stuck), *error.diagnostics]), error.exit_code)

    def _suspect(self, component: str) -> None:
        before = self._suspected.get(component, set())
        found = self._broken([component])
        self._suspected[component] = {wire.detail for wire in found}
        again = [wire for wire in found if wire.detail in before]
        if again:
            raise StackError(again)

    def _broken(self, consumers: Collection[str]) -> list[Diagnostic]:
        with suppress(StackError):  # what probes run in may not be installed yet
            return broken_wires(self._chosen, self._workspace, consumers)
        return []


def _broken(check: WireCheck, chosen: Plan) -> Diagnostic:
    server = chosen.component(check.server)
    log = f"what the server says is shown by\n    stack logs {server.id}\n" if server.spec else ""
    at = f" at {check.address}" if check.address else ""
    way = f"`{check.wire}`, with its own credentials, does not get through to `{server.id}` ({server.tool}){at}"
    anew = "everything is started anew and every share given again, without losing data, by"
    hint = f"{log}{anew}\n    stack down {chosen.name} --keep-data\n    stack up"
    return Diagnostic("P030", "wire does not answer", f"{way}: {check.detail}", hint=hint)
