"""What the resources of a component that runs have in common, wherever that is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from stackwright.provider import drift
from stackwright.provider.servicer import State
from stackwright.provider.session import Session
from stackwright.provider.specs import check, difference, spec_of
from stackwright.provider.values import UNKNOWN, Unknown


class Running(ABC):
    """A component with the computed attributes `hash`, of all that it runs with, and `generation`, of its data.

    No pid and no container's id is among them: a restart by its keeper, engine or cluster is no change of the stack.
    """

    kind: ClassVar[str]  # as it is called in reasons, and in its type's name
    gone: ClassVar[str] = "it is no longer running"

    def __init__(self, session: Session) -> None:
        self._session = session

    @abstractmethod
    def hash_of(self, spec: Any, image: Any) -> str:
        """What it is started with, in one word."""

    @abstractmethod
    def generation(self, spec: Any) -> str | None:
        """Which data it has and will keep; None where the next start makes fresh ones."""

    def adopted(self, _spec: Any) -> str | None:
        """The hash of what runs before Terraform knows of it; None where nothing does."""
        return None

    def validate(self, config: State) -> None:
        """The spec must be JSON and name the same component."""
        check(config, "component", "component")

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.READ[f"stackwright_{self.kind}"](self._session.workspace, state)
        if seen is None:
            self._session.reasons[self.kind, state["component"]] = self.gone
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """Predicts the hash, and the generation where the data are still there: then nobody else is touched."""
        spec, image = spec_of(proposed), proposed.get("image")
        if isinstance(spec, Unknown):
            return {**proposed, "hash": UNKNOWN, "generation": UNKNOWN}
        known = UNKNOWN if isinstance(image, Unknown) else self.hash_of(spec, image)
        planned = {**proposed, "hash": known, "generation": self.generation(spec) or UNKNOWN}
        if why := self._why(prior, planned, spec):
            self._session.reasons[self.kind, planned["component"]] = why
        return planned

    def _why(self, prior: State | None, planned: State, spec: Any) -> str:
        """Why there is something to do, for people."""
        if prior is None:
            return "it runs already and is adopted" if self.adopted(spec) == planned["hash"] else ""
        if prior.get("image") != planned.get("image"):
            return "changed: image"
        return difference(spec_of(prior), spec) if prior["hash"] != planned["hash"] else ""
