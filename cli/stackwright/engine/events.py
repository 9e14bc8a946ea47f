"""What Terraform says in its JSON lines, as our changes and diagnostics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stackwright.errors import Diagnostic, StackError
from stackwright.model.address import subject_of
from stackwright.model.report import Change

Action = Literal["add", "change", "replace", "destroy"]

_ACTIONS: Mapping[str, Action] = {"create": "add", "update": "change", "replace": "replace", "delete": "destroy"}
_MODULE = re.compile(r"module\.([^.\[]+)")
_FAILURE = re.compile(r" \[failure (\d+)\]$")


@dataclass(frozen=True, slots=True)
class Said:
    """All that one run of Terraform said."""

    events: tuple[Mapping[str, Any], ...]
    noise: str  # what was not JSON: a crash, mostly

    @classmethod
    def read(cls, log: Path) -> Said:
        """From the file that Terraform wrote to."""
        events, noise = [], []
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            if isinstance(event, dict):
                events.append(event)
            elif line.strip():
                noise.append(line)
        return cls(tuple(events), "\n".join(noise[-20:]))

    def changes(self, reasons: Mapping[tuple[str, str], str]) -> list[Change]:
        """What Terraform planned, each with the provider's reason."""
        planned = (event["change"] for event in self.events if event.get("type") == "planned_change")
        return [_change(p["resource"], _ACTIONS[p["action"]], reasons) for p in planned if p["action"] in _ACTIONS]

    def diagnostics(self, failures: Sequence[Exception]) -> list[Diagnostic]:
        """The errors: those of our provider whole, as it raised them; Terraform's own in its words."""
        found: dict[Diagnostic, None] = {}
        for said in self._errors():
            place = _FAILURE.search(said["summary"])
            failure = failures[int(place[1])] if place else None
            if failure is None:
                found[_terraforms_own(said)] = None
            elif isinstance(failure, StackError):
                found |= dict.fromkeys(failure.diagnostics)
            else:
                raise failure
        return list(found)

    def _errors(self) -> Iterator[Mapping[str, Any]]:
        for event in self.events:
            if event.get("type") == "diagnostic" and event["diagnostic"]["severity"] == "error":
                yield event["diagnostic"]


def _change(resource: Mapping[str, Any], action: Action, reasons: Mapping[tuple[str, str], str]) -> Change:
    module = _MODULE.match(resource["addr"])
    kind = str(resource["resource_type"]).removeprefix("stackwright_").removeprefix("helm_")
    what = subject_of(module[1]) if module else str(resource["addr"])
    what = what.removeprefix(f"{kind}:")
    why = reasons.get((kind, what), "") if action != "destroy" else ""
    return Change(what, kind, action, why)


def _terraforms_own(said: Mapping[str, Any]) -> Diagnostic:
    where = said.get("address") or (said.get("range") or {}).get("filename", "")
    detail = "\n".join(filter(None, [f"{said['summary']}" + (f" ({where})" if where else ""), said.get("detail", "")]))
    return Diagnostic("E030", "Terraform refused", detail)
