"""Takes away what a stack has in a cloud: unlock, destroy, sweep, destroy again, and prove by asking the cloud.

Terraform's word alone is none. An apply that was killed may have written no state at all, and then `destroy` has
nothing to do and says so, successfully, with a dozen things running that cost money.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from stackwright.errors import StackError
from stackwright.model.report import Event, Leftover, Progress
from stackwright.places.cloud import CloudError, Thing
from stackwright.runtime import journal, process
from stackwright.runtime.workspace import Workspace

if TYPE_CHECKING:
    from stackwright.engine.run import Engine
    from stackwright.places.cloud import Keeper

_MANNERS = 120.0  # seconds for a Terraform to write down what it has made
_PAUSE = 5.0  # seconds until a cloud may have let go of what could not be removed
_STUCK = 6  # rounds in which nothing has gone


class TakenDown(NamedTuple):
    """What became of what was there."""

    destroyed: tuple[str, ...]  # by Terraform, which knew of it
    swept: tuple[Leftover, ...]  # what Terraform did not know of
    left: tuple[Leftover, ...]  # by a fresh listing; empty: the proof
    notes: tuple[Leftover, ...]  # why Terraform could not do it


def take_down(engine: Engine | None, keeper: Keeper, stack: str, region: str, progress: Progress) -> TakenDown:
    """Nothing of the stack left in the cloud, whatever state it was in; without an engine there is only the sweep."""
    swept: dict[Thing, str] = {}
    if engine is not None:
        end_terraform(Workspace.open(engine.root), progress)
        swept |= _unknown(engine, keeper, stack, region, progress)
    destroyed, notes = _destroy(engine)
    swept |= sweep(keeper, stack, region, progress)
    if engine is not None and (notes or swept):  # what stood in Terraform's way may be gone now
        more, notes = _destroy(engine)
        destroyed += more
        swept |= sweep(keeper, stack, region, progress)
    left = keeper.things(stack, region)
    reasons = {**dict.fromkeys(left, ""), **swept}
    gone = tuple(Leftover(one.kind, one.name, one.place) for one in swept if one not in left)
    kept = tuple(Leftover(one.kind, one.name, reasons[one] or one.place) for one in left)
    return TakenDown(tuple(destroyed), gone, kept, notes)


def end_terraform(workspace: Workspace, progress: Progress) -> None:
    """A Terraform whose command was killed works on: asked to stop, it writes down what it has made, and unlocks."""
    entries = journal.read(workspace.journal_dir / "client.jsonl")
    mine = process.myself()
    started = [
        one for one, entry in journal.identities(entries).items() if entry["kind"] == "terraform" and one != mine
    ]

    def living() -> list[process.Identity]:
        return process.family([one for one in started if process.alive(one)])

    if living():
        progress(Event("", "stopping", "a Terraform that still works for this stack"))
        for one in started:
            process.tell(one, signal.SIGINT)
        deadline = time.monotonic() + _MANNERS
        while living() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.end(living, signal.SIGTERM, 1.0)


def _unknown(engine: Engine, keeper: Keeper, stack: str, region: str, progress: Progress) -> dict[Thing, str]:
    """Sweep first what an apply that was killed had made and not yet written down.

    Terraform would wait for a quarter of an hour for a network to go in which there is a subnet that it does not know.
    """
    from stackwright.engine.cloud import CloudEngine

    if not isinstance(engine, CloudEngine) or engine.whole:
        return {}
    known = engine.known()
    return sweep(keeper, stack, region, progress, wanted=lambda thing: thing.name not in known, patience=1)


def sweep(
    keeper: Keeper,
    stack: str,
    region: str,
    progress: Progress,
    *,
    wanted: Callable[[Thing], bool] = lambda _thing: True,
    patience: int = _STUCK,
) -> dict[Thing, str]:
    """Remove what there is, in as many rounds as it takes; what was found, each with why it could not go at the end."""
    found: dict[Thing, str] = {}
    things, stuck = list(filter(wanted, keeper.things(stack, region))), 0
    while things and stuck < patience:
        for thing in things:
            progress(Event(thing.name, "removing", thing.kind))
            found[thing] = _removed(keeper, thing)
        again = list(filter(wanted, keeper.things(stack, region)))
        stuck = 0 if len(again) < len(things) else stuck + 1
        things = again
        if things:
            time.sleep(_PAUSE if stuck else 0)
    return found


def _removed(keeper: Keeper, thing: Thing) -> str:
    """Why it is still there; empty where it went."""
    try:
        keeper.remove(thing)
    except CloudError as error:
        return error.detail
    return ""


def _destroy(engine: Engine | None) -> tuple[list[str], tuple[Leftover, ...]]:
    """What Terraform took down; where it cannot, the sweep does its work and the reason is told."""
    if engine is None:
        return [], ()
    try:
        engine.init()
        changes = engine.destroy()
    except StackError as error:
        why = "; ".join(f"{one.summary}: {one.detail}" for one in error.diagnostics)
        return [], (Leftover("state", "Terraform could not destroy what is in the cloud, so it was swept", why),)
    return [one.what for one in changes if one.action == "destroy"], ()
