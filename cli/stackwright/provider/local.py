"""A cluster on this machine's container engine: ensured, like everything else."""

from __future__ import annotations

from stackwright.places import local
from stackwright.provider import drift
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.servicer import State
from stackwright.provider.session import Session
from stackwright.provider.values import UNKNOWN


class Cluster:
    """Made by its own program; what gets into it lies in the workspace, as a state is no place for a key."""

    schema = Schema(
        (
            Attribute("stack", "The stack's id.", required=True, replace=True),
            Attribute("kind", "`kind`, or `k3s`.", required=True, replace=True),
            Attribute("nodes", "How many nodes beside that of the control plane.", required=True, replace=True),
            Attribute("name", "What its program calls it.", computed=True),
            Attribute("context", "In the kubeconfig of the workspace.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """There is nothing to mistake: modules call it."""

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.cluster(self._session.workspace, state)
        if seen is None:
            self._session.reasons["cluster", state["kind"]] = "it is no longer there, or not whole"
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """Its names follow from the stack's id."""
        if prior:
            return {**proposed, "name": prior["name"], "context": prior["context"]}
        return {**proposed, "name": UNKNOWN, "context": UNKNOWN}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Make it, or find it."""
        session, nodes = self._session, int(planned["nodes"])
        seen = local.ensure(session.workspace, planned["kind"], nodes, session.progress, session.cancel)
        return {**planned, **seen._asdict()}

    def delete(self, prior: State) -> None:
        """Remove it, with all that runs on it."""
        local.remove(self._session.workspace, prior["kind"])
