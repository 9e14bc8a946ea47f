"""Whether each wire of a running stack works, asked with that wire's own credentials."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackwright.folders import shipped
from stackwright.model.plan import Plan, Wire
from stackwright.model.report import WireCheck
from stackwright.smoke.site import Fields, Secrets, Site
from stackwright.smoke.worker import Process

_SECONDS = 20.0  # for all wires together, the probes' start included
_LONGEST = 400  # characters of a client's words that are worth reading


def check_wires(
    plan: Plan,
    workspace: Path,
    secrets: Secrets,
    catalog: Path | None = None,
    consumers: Collection[str] | None = None,
    *,
    others: tuple[Path, ...] = (),
) -> tuple[WireCheck, ...]:
    """One real operation over every wire (of these consumers), all at once; each answer names its wire."""
    site = Site(plan, workspace, secrets, {}, (catalog or shipped() / "catalog", *others))
    return tuple(probe_wires(site, [wire for wire in site.wires if consumers is None or wire.consumer in consumers]))


def check_elsewhere(
    plan: Plan, workspace: Path, secrets: Secrets, others: tuple[Path, ...] = ()
) -> tuple[WireCheck, ...]:
    """Whether all that runs elsewhere answers to the credentials that the manifest gives: by its interface's probe,
    or, for a vendor's service, by the login.py beside its entry.
    """
    site = Site(plan, workspace, secrets, {}, (shipped() / "catalog", *others))
    asked = []
    for c in plan.components:
        if c.given:
            probe, fields = site.interface_file(c.given.interface), site.fields(c.given.fields)
            asked.append(_Question(c.id, c.id, c.given.interface, probe, fields))
        elif c.elsewhere:
            variables = {name: site.text(value) for name, value in c.env.items()}
            asked.append(_Question(c.id, c.id, c.tool, site.folder(c) / "login.py", variables))
    return tuple(_ask(site, asked))


def probe_wires(site: Site, wires: Sequence[Wire]) -> list[WireCheck]:
    """The checks of these wires, in their order."""
    questions = [
        _Question(wire.id, wire.server, wire.interface, site.interface_file(wire.interface), site.fields(wire.fields))
        for wire in wires
    ]
    return _ask(site, questions)


@dataclass(frozen=True)
class _Question:
    wire: str
    server: str
    interface: str
    probe: Path  # a Python file with `probe(fields)`
    fields: Fields


def _ask(site: Site, questions: Sequence[_Question]) -> list[WireCheck]:
    """The answers, in the order of the questions; one process asks them all."""
    if not questions:
        return []
    asked = [{"wire": number, "probe": str(q.probe), "fields": q.fields} for number, q in enumerate(questions)]
    folder, log = site.workspace / "jobs" / "smoke" / "_wires", site.workspace / "logs" / "smoke" / "_wires.log"
    process = Process(site, site.plan.jobs.environment, ["stackwright_job.probes"], folder, log)
    try:
        answers = _answers(process, asked)
    finally:
        process.close()
    return [_check(site, question, answers.get(number)) for number, question in enumerate(questions)]


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


def _check(site: Site, question: _Question, answer: tuple[bool, str] | None) -> WireCheck:
    passed, detail = answer or (False, f"no answer within {_SECONDS:.0f} s")
    fields = question.fields
    address = f"{fields['host']}:{fields['port']}" if {"host", "port"} <= set(fields) else ""
    said = site.secrets.redact(" ".join(detail.split()))
    said = said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
    return WireCheck(question.wire, question.server, question.interface, passed, said, address)
