"""Whether each wire of a running stack works, asked with that wire's own credentials."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from stackwright.folders import shipped
from stackwright.model.plan import Plan, Wire
from stackwright.model.report import WireCheck
from stackwright.smoke.site import Fill, Site
from stackwright.smoke.worker import Process

_SECONDS = 20.0  # for all wires together, the probes' start included


def check_wires(plan: Plan, workspace: Path, fill: Fill, catalog: Path | None = None) -> tuple[WireCheck, ...]:
    """One real operation over every wire, all at once in one process; each answer names its wire."""
    site = Site(plan, workspace, fill, {}, catalog or shipped() / "catalog")
    return tuple(probe_wires(site)) if plan.wires else ()


def probe_wires(site: Site) -> list[WireCheck]:
    """The checks of all wires, in the plan's order."""
    wires = list(site.plan.wires)
    asked = [
        {"wire": number, "interface": wire.interface, "fields": site.wire_fields(wire)}
        for number, wire in enumerate(wires)
    ]
    words = ["stackwright_job.probes", str(site.catalog / "_interfaces")]
    folder, log = site.workspace / "jobs" / "smoke" / "_wires", site.workspace / "logs" / "smoke" / "_wires.log"
    process = Process(site, site.plan.jobs.environment, words, folder, log)
    try:
        answers = _answers(process, asked)
    finally:
        process.close()
    return [_check(site, wire, answers.get(number)) for number, wire in enumerate(wires)]


def _answers(process: Process, asked: Sequence[dict[str, object]]) -> dict[int, tuple[bool, str]]:
    """What each wire answered; those that did not in time are missing."""
    answers: dict[int, tuple[bool, str]] = {}
    deadline = time.monotonic() + _SECONDS
    try:
        process.send({"id": 1, "wires": asked})
        while len(answers) < len(asked):
            reply = process.receive(deadline)
            said = reply["detail"] if reply["ok"] else f"{reply['error']['type']}: {reply['error']['message']}"
            answers[reply["wire"]] = (bool(reply["ok"]), said)
    except (TimeoutError, EOFError, ValueError):
        pass
    return answers


def _check(site: Site, wire: Wire, answer: tuple[bool, str] | None) -> WireCheck:
    passed, detail = answer or (False, f"no answer within {_SECONDS:.0f} s")
    return WireCheck(wire.id, wire.server, wire.interface, passed, site.redact(" ".join(detail.split())))
