"""Drives Terraform for one workspace: init, plan, apply, destroy, outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from stackwright import __version__
from stackwright.engine import foreign, hosted, state
from stackwright.engine.events import Said
from stackwright.engine.find import Terraform, find_terraform
from stackwright.engine.settled import remember, settled
from stackwright.errors import Diagnostic, StackError
from stackwright.model.address import subject_of
from stackwright.model.report import Change
from stackwright.provider.session import Session

_PARALLEL = 32  # most of the time is waiting for tools to be ready


class Engine:
    """Terraform over one rendered root; `warnings` collects what did not stop the work."""

    def __init__(self, workspace_root: Path, terraform_dir: Path, progress: Callable[[str, str, str], None]) -> None:
        self.root = workspace_root
        self.folder = terraform_dir
        self.progress = progress
        self.warnings: list[Diagnostic] = []
        self._initialised = self.folder / ".terraform" / "initialised"
        self._applied = self.folder / ".terraform" / "applied"

    def init(self) -> None:
        """Make the modules known to Terraform; nothing to do when they are the same as last time.

        Only a root with providers of others needs a network for it, or a mirror.
        """
        if not (self.folder / "main.tf").is_file():
            raise StackError(_not_rendered(self.folder))
        fingerprint = self._fingerprint()
        same = self._initialised.is_file() and self._initialised.read_text() == fingerprint
        if same and foreign.there(self.folder):
            return
        self.progress("", "preparing", "Terraform")
        with foreign.alone(self.folder):
            self._terraform("init", [], Session(self.root, self.progress))
        self._initialised.write_text(fingerprint)

    def plan(self, destroy: bool = False) -> list[Change]:
        """What `apply` (or `destroy`) would do."""
        self._read_state()
        return self._changes("plan", ["-destroy"] if destroy else [])

    def apply(self) -> list[Change]:
        """Make everything as the root says; what runs already is adopted, so a lost state is repaired by this."""
        known = self._read_state()
        if known and settled(self.folder, self.root, known):
            return []
        self._applied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._applied.touch()
        changes = self._changes("apply", ["-auto-approve"])
        remember(self.folder)
        return changes

    def destroy(self) -> list[Change]:
        """Unmake everything in the state; LostStateError, a copy put aside, when it cannot say what that is."""
        known = state.read(self.folder)
        if known is None:
            if self._applied.exists():
                raise state.lost()
            return []
        if not known["resources"]:
            return []
        return self._changes("destroy", ["-auto-approve", "-refresh=false"])

    def outputs(self) -> dict[str, Any]:
        """Each component's endpoints as the last apply left them, without secrets."""
        known = state.read(self.folder)
        return {subject_of(name): output["value"] for name, output in known["outputs"].items()} if known else {}

    def releases(self) -> set[str]:
        """The Helm releases that the last apply made."""
        known = state.read(self.folder) or {"resources": []}
        found = (resource for resource in known["resources"] if resource["type"] == "helm_release")
        return {one["attributes"]["name"] for resource in found for one in resource["instances"]}

    def _read_state(self) -> dict[str, Any] | None:
        try:
            known = state.read(self.folder)
            if known is None and self._applied.exists():
                raise state.lost()
        except state.LostStateError as error:
            going_on = "there is nothing to do: `stack up` finds and adopts what still runs"
            self.warnings += [replace(one, severity="warning", hint=going_on) for one in error.diagnostics]
            return None
        return known

    def _changes(self, verb: str, arguments: list[str]) -> list[Change]:
        self.progress("", "planning", "what has to change")
        self.init()
        session = Session(self.root, self.progress)
        said = self._terraform(verb, ["-json", f"-parallelism={_PARALLEL}", *arguments], session)
        return said.changes(session.reasons)

    @cached_property
    def _program(self) -> Terraform:
        return find_terraform()

    def _terraform(self, verb: str, arguments: list[str], session: Session) -> Said:
        log = self.root / "logs" / f"terraform-{verb}.jsonl"
        command = [verb, "-no-color", "-input=false", *arguments]
        outcome = hosted.run(self._program, command, self.folder, log, session)
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.returncode != 0:
            told = outcome.said.diagnostics(session.failures)
            raise StackError(told or [foreign.refused(outcome.said.noise) or _died(verb, outcome, log)])
        return outcome.said

    def _fingerprint(self) -> str:
        """What init depends on: the module calls and modules, not what is passed to them."""
        root = (self.folder / "main.tf").read_text(encoding="utf-8")
        telling = ("module ", "  source ", "    stackwright", "    helm")
        calls = [line for line in root.splitlines() if line.startswith(telling)]
        made_of = [__version__, self._program.fingerprint, foreign.fingerprint(self.folder), calls]
        digest = hashlib.sha256(json.dumps(made_of).encode())
        for module in sorted(self.folder.glob("modules/*/*.tf")):
            digest.update(module.read_bytes())
        return digest.hexdigest()


def _not_rendered(folder: Path) -> Diagnostic:
    return Diagnostic(
        "E012",
        "stack is not rendered",
        f"There is no `main.tf` in `{folder}`, so Terraform has nothing to work on.",
        hint="it is written by\n    stack up",
    )


def _died(verb: str, outcome: hosted.Outcome, log: Path) -> Diagnostic:
    how = (
        f"was killed by signal {-outcome.returncode}" if outcome.returncode < 0 else f"exited with {outcome.returncode}"
    )
    detail = f"`terraform {verb}` {how} and said nothing that explains it."
    if outcome.said.noise:
        detail += " Its last lines:\n" + outcome.said.noise
    hint = f"its output is in `{log}`; what runs is adopted by trying again\n    stack up"
    return Diagnostic("E031", "Terraform ended unexpectedly", detail, hint=hint)
