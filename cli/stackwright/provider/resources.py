"""The three resources of this machine: environments, processes, grants. All of them are ensured, never just made."""

from __future__ import annotations

from typing import Any

from stackwright.places.docker import grant as in_container
from stackwright.places.kubernetes import inner as in_pod
from stackwright.provider import cluster, containers, drift, local
from stackwright.provider.running import Running
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.servicer import Resource, State
from stackwright.provider.session import Session
from stackwright.provider.specs import check, spec_of
from stackwright.provider.values import Unknown
from stackwright.runtime import component, grant, install

_ELSEWHERE = {"docker": in_container.run, "kubernetes": in_pod.run_grant}  # where a server may run but on this machine


def table(session: Session) -> dict[str, Resource]:
    """Every resource by its type's name."""
    return {
        "stackwright_environment": Environment(session),
        "stackwright_process": Process(session),
        "stackwright_grant": Grant(session),
        "stackwright_network": containers.Network(session),
        "stackwright_image": containers.Image(session),
        "stackwright_container": containers.Container(session),
        "stackwright_namespace": cluster.Namespace(session),
        "stackwright_delivery": cluster.Delivery(session),
        "stackwright_secret": cluster.Secret(session),
        "stackwright_workload": cluster.Workload(session),
        "stackwright_cluster": local.Cluster(session),
    }


class Environment:
    """Packages installed together. Other stacks may use the same ones, so deleting only drops a reference."""

    schema = Schema(
        (
            Attribute("key", "Its name: a tool and a hash of what is installed.", required=True, replace=True),
            Attribute("spec", "What to install, as JSON.", required=True),
            Attribute("prefix", "Where it is installed.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The spec must be JSON and name the same key."""
        check(config, "key", "key")

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.environment(self._session.workspace, state)
        if seen is None:
            self._session.reasons["environment", state["key"]] = "it is no longer installed"
        return seen

    def plan(self, _prior: State | None, proposed: State) -> State:
        """The prefix is in the spec."""
        spec = spec_of(proposed)
        return {**proposed, "prefix": spec if isinstance(spec, Unknown) else spec["prefix"]}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Install what is not there."""
        session, spec = self._session, spec_of(planned)
        if not install.environment_complete(spec):
            session.journal().write("intent", "environment", "", spec["key"])
        prefix = install.ensure_environment(spec, session.progress, session.cancel)
        session.journal().write("done", "environment", "", spec["key"])
        return {**planned, "prefix": str(prefix)}

    def delete(self, _prior: State) -> None:
        """Nothing: the cache is shared."""


class Process(Running):
    """A component's processes."""

    kind = "process"
    schema = Schema(
        (
            Attribute("component", "The component's id.", required=True, replace=True),
            Attribute("spec", "Everything resolved but secrets, as JSON.", required=True),
            Attribute("after", "What must be there before it starts.", ["list", "string"]),
            Attribute("hash", "Of the spec that runs.", computed=True),
            Attribute("generation", "Another one when the data folder was made afresh.", computed=True),
        )
    )

    def hash_of(self, spec: Any, _image: Any) -> str:
        """Of the spec alone."""
        return component.hash_of(spec)

    def generation(self, spec: Any) -> str | None:
        """Of its data folder."""
        return component.generation(self._session.workspace, spec)

    def adopted(self, spec: Any) -> str | None:
        """Of its processes."""
        seen = component.observe(self._session.workspace, spec["component"])
        return seen.hash if seen else None

    def apply(self, prior: State | None, planned: State) -> State:
        """Start it, adopt it, or restart it when its spec is another; answers when it is ready."""
        session, spec = self._session, spec_of(planned)
        try:
            seen = component.ensure(session.workspace, spec, session.progress, session.cancel)
        except BaseException:
            if prior is None:  # not in the state yet, so nobody would ever stop it
                component.stop(session.workspace, planned["component"], session.progress)
            raise
        return {**planned, "hash": seen.hash, "generation": seen.generation}

    def delete(self, prior: State) -> None:
        """Stop it and all its descendants."""
        component.stop(self._session.workspace, prior["component"], self._session.progress)


class Grant:
    """One consumer's share of a server. It goes with the server's data; there is nothing to delete by itself."""

    schema = Schema(
        (
            Attribute("wire", "The consumer and its need.", required=True, replace=True),
            Attribute("spec", "The grant's command and whom it is for, as JSON.", required=True),
            Attribute("generation", "The server's generation.", required=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The spec must be JSON."""
        check(config)

    def read(self, state: State) -> State:
        """As `drift` says."""
        return drift.grant(self._session.workspace, state)

    def plan(self, prior: State | None, proposed: State) -> State:
        """As it is asked for."""
        if prior is not None and prior["generation"] != proposed["generation"]:
            self._session.reasons["grant", proposed["wire"]] = "its server's data folder is new"
        return proposed

    def apply(self, _prior: State | None, planned: State) -> State:
        """Run the grant's command, which is idempotent."""
        session, spec = self._session, spec_of(planned)
        run = _ELSEWHERE.get(spec.get("place", ""))
        grant.ensure_grant(session.workspace, spec, session.progress, session.cancel, run)
        return planned

    def delete(self, _prior: State) -> None:
        """Nothing: see above."""
