"""Whether each wire of a running stack works, asked with that wire's own credentials."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackwright.folders import shipped
from stackwright.model.plan import Plan, Wire
from stackwright.model.report import WireCheck
from stackwright.smoke.site import Secrets, Site
from stackwright.smoke.worker import Process

_SECONDS = 20.0  # for all wires together, the probes' start included
_LONGEST = 400  # characters of a client's words that are worth reading


def check_wires(
    plan: Plan, workspace: Path, secrets: Secrets, catalog: Path | None = None, consumers: Collection[str] | None = None
) -> tuple[WireCheck, ...]:
    """One real operation over every wire (of these consumers), all at once; each answer names its wire."""
    site = Site(plan, workspace, secrets, {}, catalog or shipped() / "catalog")
    return tuple(probe_wires(site, [wire for wire in site.wires if consumers is None or wire.consumer in consumers]))


def probe_wires(site: Site, wires: Sequence[Wire]) -> list[WireCheck]:
    """The checks of these wires, in their order; one process asks them all."""
    if not wires:
        return []
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
            answers[reply["wire"]] = (bool(reply["ok"]), reply["detail"] if reply["ok"] else _failure(reply))
    except (TimeoutError, EOFError, ValueError):
        pass
    return answers


def _failure(reply: Mapping[str, Any]) -> str:
    """What was tried and how it failed: `could not write a row: OperationalError: …`."""
    error = f"{reply['error']['type']}: {reply['error']['message']}"
    return f"could not {reply['tried']}: {error}" if reply.get("tried") else error


def _check(site: Site, wire: Wire, answer: tuple[bool, str] | None) -> WireCheck:
    passed, detail = answer or (False, f"no answer within {_SECONDS:.0f} s")
    fields = site.wire_fields(wire)
    address = f"{fields['host']}:{fields['port']}" if {"host", "port"} <= set(fields) else ""
    said = site.secrets.redact(" ".join(detail.split()))
    said = said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
    return WireCheck(wire.id, wire.server, wire.interface, passed, said, address)
