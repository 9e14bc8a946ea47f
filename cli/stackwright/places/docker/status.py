"""What a stack's containers do now, and what they wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stackwright.places.docker import containers, labels
from stackwright.places.docker.engine import Engine, asking
from stackwright.runtime import units
from stackwright.runtime.units import Seen
from stackwright.runtime.workspace import Workspace


def unit_of(found: dict[str, Any]) -> Seen:
    """An inspected container as a kept process; its pid may be another machine's, so none is given."""
    state, marks = found["State"], labels.on(found)
    ident = f"{marks[labels.COMPONENT]}/{marks[labels.PROCESS]}"
    if state["Restarting"]:
        word = units.RESTARTING
    elif state["Running"] and not state["Paused"]:
        word = units.UP
    elif state["ExitCode"] != 0 or state["Error"]:
        word = units.FAILED
    else:
        word = units.DOWN
    restarts = int(found["RestartCount"])
    reason = "" if word == units.UP else "is paused" if state["Paused"] else containers.ended(state)
    if word == units.UP and restarts:  # how it ended is forgotten when it is started again
        reason = f"ended{containers.at(state['FinishedAt'])}, and was started again"
    since = _seconds(state["StartedAt"] if word == units.UP else state["FinishedAt"]) or _seconds(found["Created"])
    return Seen(ident, marks.get(labels.HASH, ""), word, since, restarts, reason)


def units_of(ws: Workspace) -> dict[str, Seen]:
    """Every process of the stack that has a container, by `<component>/<process>`."""
    with asking(ws.id) as engine:
        found = [engine.inspect_container(one["Id"]) for one in _processes(engine, ws)]
    return {unit.id: unit for unit in map(unit_of, found)}


def usage(ws: Workspace, component: str) -> tuple[float, int] | None:
    """CPU seconds so far and bytes of memory now, of all its containers; None where it has none."""
    with asking(component) as engine:
        running = [one["Id"] for one in containers.of(engine, ws, component) if one["State"] == "running"]
        stats = [engine.stats(ident, stream=False, one_shot=True) for ident in running]
    if not stats:
        return None
    return (
        sum(one["cpu_stats"]["cpu_usage"]["total_usage"] for one in stats) / 1e9,
        sum(_memory(one["memory_stats"]) for one in stats),
    )


def _memory(stats: dict[str, Any]) -> int:
    """Without the file cache, as `docker stats` counts."""
    inside = stats.get("stats", {})
    cache = inside.get("total_inactive_file", inside.get("inactive_file", 0))
    return max(0, int(stats.get("usage", 0)) - int(cache))


@dataclass
class Log:
    """What the containers of one component wrote, all together."""

    ws: Workspace
    component: str
    seen: dict[str, str] = field(default_factory=dict)  # by container, the time of its last line

    def last(self, count: int) -> list[str]:
        """The last lines; what follows them is `fresh`."""
        return self._lines(count)[-count:] if count else self._lines(1)[:0]

    def fresh(self) -> list[str]:
        """The lines written since the last look."""
        return self._lines(None)

    def _lines(self, count: int | None) -> list[str]:
        with asking(self.component) as engine:
            found = [one["Id"] for one in _processes(engine, self.ws, self.component)]
            lines = [line for ident in found for line in self._of(engine, ident, count)]
        return [text for _, text in sorted(lines, key=lambda line: line[0])]

    def _of(self, engine: Engine, ident: str, count: int | None) -> list[tuple[str, str]]:
        """Time and text of each line: the last ones, or those after the last that was seen."""
        from docker.errors import NotFound

        after = self.seen.get(ident, "")
        # The engine knows whole seconds here, so the last second comes again.
        since = {"since": int(_seconds(after))} if after and count is None else {}
        try:
            text = engine.logs(ident, timestamps=True, tail="all" if count is None else count, **since)
        except NotFound:
            return []  # it has just been removed
        lines = [line.partition(" ") for line in text.decode(errors="replace").splitlines()]
        fresh = [(stamp, said.rstrip("\r")) for stamp, _, said in lines if count is not None or stamp > after]
        if fresh:
            self.seen[ident] = fresh[-1][0]
        return fresh


def _processes(engine: Engine, ws: Workspace, component: str = "") -> list[dict[str, Any]]:
    """Its containers but those that only hold a network, or prepare."""
    found = reversed(containers.of(engine, ws, component))
    return [one for one in found if not labels.helps(one)]


def _seconds(stamp: str) -> float:
    """An engine's time in seconds since the epoch; 0 for its `never`."""
    try:
        when = datetime.fromisoformat(f"{stamp[:19]}+00:00")
    except ValueError:
        return 0.0
    return when.timestamp() if when.year > 1 else 0.0
