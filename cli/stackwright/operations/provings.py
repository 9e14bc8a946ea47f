"""Prove many tools, one after the other or several at a time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Lock
from typing import Any

from stackwright import folders
from stackwright.catalog.load import Catalog
from stackwright.catalog.proof import verdict
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Event, Progress, ProveResult
from stackwright.operations.catalog import known
from stackwright.operations.prove import prove
from stackwright.operations.proving import Terms
from stackwright.runtime import private

Job = tuple[str, str]  # tool, target
STAGES = ("installing", "starting", "checking", "stopping")


def wanted(catalog: Catalog, words: Sequence[str], every: bool, changed: bool, target: str = "process") -> list[Job]:
    """What to prove: TOOL or TOOL@TARGET, all that can run here, or those whose proof is stale or missing."""
    if not (words or every or changed):
        detail = "Name tools, or say which."
        hint = "one of\n    stack catalog prove TOOL\n    stack catalog prove --changed\n    stack catalog prove --all"
        raise StackError(Diagnostic("U023", "nothing is named", detail, hint=hint), Exit.USAGE)
    if words:
        jobs = [(tool, own or target) for tool, _, own in (word.partition("@") for word in words)]
        for tool, _ in jobs:
            known(tool, catalog.tools())
    else:
        runnable = [tool for tool in catalog.own_tools() if target in catalog.targets(tool)]
        jobs = [(tool, target) for tool in runnable if catalog.tool(tool).layers]
    return [job for job in dict.fromkeys(jobs) if not changed or verdict(catalog, *job).state != "proven"]


def prove_many(
    catalog: Catalog, jobs: Sequence[Job], at_a_time: int, terms: Terms, progress: Progress
) -> list[ProveResult]:
    """Prove one after the other, or several at a time; a failure does not keep the others from their turn."""
    if len(jobs) == 1:
        return [prove(catalog, *jobs[0], progress, _alone(catalog, jobs[0][1], terms))]
    done = {}
    if at_a_time > 1:
        several = _several(catalog, jobs, at_a_time, terms, progress)
    else:
        terms = _alone(catalog, jobs[0][1], terms) if jobs else terms
        several = (prove(catalog, *job, _told_of(job[0], progress), terms) for job in jobs)
    with closing(several):  # interrupted, what is under way is ended before anything else
        for result in several:
            state, why = ("passed", "") if result.passed else ("failed", result.reasons[0].summary)
            progress(Event(result.tool, state, why))
            done[result.tool, result.target] = _named(result)
    return [done[job] for job in jobs]


def _named(result: ProveResult) -> ProveResult:
    """Of many: each reason says whose it is."""
    told = [replace(why, detail=f"In the proof of `{result.tool}`: {why.detail}") for why in result.reasons]
    return result._replace(reasons=tuple(told))


def _alone(catalog: Catalog, target: str, terms: Terms) -> Terms:
    """With a /tmp of our own from here on, where that can be: what lies there after a proof was left by it."""
    if terms.keep or target != "process":
        return terms
    needed = [folders.cache_dir(), folders.state_dir(), Path(sys.prefix), Path.cwd(), *catalog.folders]
    return terms._replace(private=private.enter(needed))


def _told_of(tool: str, progress: Progress) -> Progress:
    """Of many, only where each one is: `TOOL  starting  database`."""
    stage = [""]

    def tell(event: Event) -> None:
        if event.phase in STAGES and event.phase != stage[0]:
            stage[0] = event.phase
            progress(Event(tool, event.phase, event.component))

    return tell


def _several(
    catalog: Catalog, jobs: Sequence[Job], at_a_time: int, terms: Terms, progress: Progress
) -> Generator[ProveResult, None, None]:
    todo, running = list(jobs), dict[Any, tuple[Any, Job]]()
    context = get_context("spawn")
    try:
        while todo or running:
            while todo and len(running) < at_a_time:
                job = todo.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                child = context.Process(target=_child, args=(theirs, catalog, *job, terms))
                child.start()
                theirs.close()
                running[ours] = child, job
            for said in wait(list(running)):
                message = _received(said, *running[said])
                if isinstance(message, Event):
                    progress(message)
                else:
                    running.pop(said)[0].join()
                    yield message
    finally:  # interrupted: each takes its own stack down before it ends
        for child, _ in running.values():
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGINT)
        for child, _ in running.values():
            child.join()


def _received(said: Any, child: Any, job: Job) -> Event | ProveResult:
    try:
        message: Event | ProveResult = said.recv()
    except EOFError:
        child.join()
        detail = f"The process that proved `{job[0]}` ended with status {child.exitcode} and without a word."
        return ProveResult(*job, False, 0.0, reasons=(Diagnostic("S033", "proof was broken off", detail),))
    return message


def _child(said: Connection, catalog: Catalog, tool: str, target: str, terms: Terms) -> None:
    """A process of its own session: Ctrl-C is told to it by its parent, once."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sending = Lock()  # progress comes from several threads

    def send(message: Event | ProveResult) -> None:
        with sending:
            said.send(message)

    with suppress(KeyboardInterrupt):
        send(prove(catalog, tool, target, _told_of(tool, send), _alone(catalog, target, terms)))
