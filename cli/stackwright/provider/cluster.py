"""The resources of a cluster: a stack's namespace, images on their way there, Secrets, and what waits for pods.

The releases between the last two are Helm's. All of them are ensured.
"""

from __future__ import annotations

import json
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker import export
from stackwright.places.kubernetes import delivery, namespace, secret, workload
from stackwright.provider import drift
from stackwright.provider.running import Running
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.servicer import State
from stackwright.provider.session import Session
from stackwright.provider.specs import check, spec_of
from stackwright.provider.values import UNKNOWN, Unknown


class Namespace:
    """The namespace in which everything of a stack lies."""

    schema = Schema(
        (
            Attribute("stack", "The stack's id, which is the namespace's name.", required=True, replace=True),
            Attribute(
                "cluster", "Which cluster, and how images get there, as JSON without credentials.", required=True
            ),
            Attribute("uid", "The cluster's own name for it.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The cluster must be JSON."""
        _check_section(config)

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.namespace(self._session.workspace, state)
        if seen is None:
            self._session.reasons["namespace", state["stack"]] = "it is no longer there"
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """A namespace that is made anew has another uid."""
        same = prior is not None and prior["cluster"] == proposed["cluster"]
        return {**proposed, "uid": prior["uid"] if prior and same else UNKNOWN}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Make it, or find it."""
        session, section = self._session, json.loads(planned["cluster"])
        return {**planned, "uid": namespace.ensure(session.workspace, section, session.cancel)}

    def delete(self, _prior: State) -> None:
        """Remove it, unless there is data in it."""
        namespace.remove(self._session.workspace)


class Delivery:
    """An image of this machine's engine, where the nodes have it from. Other stacks may use the same one."""

    schema = Schema(
        (
            Attribute("key", "The environment's name.", required=True, replace=True),
            Attribute("local", "What the image is called on this machine.", required=True),
            Attribute(
                "cluster", "Which cluster, and how images get there, as JSON without credentials.", required=True
            ),
            Attribute("image", "What pods call it.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The cluster must be JSON."""
        _check_section(config)

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.delivery(self._session.workspace, state)
        if seen is None:
            self._session.reasons["delivery", state["key"]] = "the nodes no longer have it"
        return seen

    def plan(self, _prior: State | None, proposed: State) -> State:
        """Its name there follows from the one here."""
        local, section = proposed["local"], proposed["cluster"]
        if isinstance(local, Unknown) or isinstance(section, Unknown):
            return {**proposed, "image": UNKNOWN}
        return {**proposed, "image": delivery.known(self._session.workspace, local, json.loads(section))}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Push it, or load it."""
        session, section = self._session, json.loads(planned["cluster"])
        called = delivery.ensure(
            session.workspace, planned["key"], planned["local"], section,
            engine=export, progress=session.progress, cancel=session.cancel,
        )  # fmt: skip
        return {**planned, "image": called}

    def delete(self, _prior: State) -> None:
        """Nothing: it is shared. `stack down` removes it where nobody needs it."""


class Secret:
    """What of a component is secret, and its files. None of it is here: only a version, which is random."""

    schema = Schema(
        (
            Attribute("component", "The component's id.", required=True, replace=True),
            Attribute("spec", "Everything resolved but secrets, as JSON.", required=True),
            Attribute("after", "What must be there before it starts.", ["list", "string"]),
            Attribute("name", "What it is called.", computed=True),
            Attribute("version", "Another one when it, or an object of the release, had to be made.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The spec must be JSON and name the same component."""
        check(config, "component", "component")

    def read(self, state: State) -> State:
        """As `drift` says: without a version where something of it is gone."""
        seen = drift.secret(self._session.workspace, state)
        if not seen["version"]:
            self._session.reasons["secret", state["component"]] = "something of it is no longer in the cluster"
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """It stays as it is where nothing changed."""
        spec = spec_of(proposed)
        if isinstance(spec, Unknown):
            return {**proposed, "name": UNKNOWN, "version": UNKNOWN}
        same = prior is not None and prior["spec"] == proposed["spec"] and prior["version"]
        version = prior["version"] if prior and same else UNKNOWN
        return {**proposed, "name": secret.name_of(spec), "version": version}

    def apply(self, prior: State | None, planned: State) -> State:
        """Write it where it is another."""
        anew = prior is not None and not prior["version"]
        name, version = secret.ensure(self._session.workspace, spec_of(planned), anew)
        return {**planned, "name": name, "version": version}

    def delete(self, prior: State) -> None:
        """Remove it."""
        secret.remove(self._session.workspace, prior["component"], spec_of(prior))


class Workload(Running):
    """A component whose release is there: waited for, told of, reached. Its pod is the cluster's to replace."""

    kind = "workload"
    gone = "it is no longer ready"
    schema = Schema(
        (
            Attribute("component", "The component's id.", required=True, replace=True),
            Attribute("spec", "Everything resolved but secrets, as JSON.", required=True),
            Attribute("release", "Another one when the release was changed.", required=True),
            Attribute("image", "What it runs in.", required=True),
            Attribute("hash", "Of the spec and image that run.", computed=True),
            Attribute("generation", "Another one when its volume was made afresh.", computed=True),
        )
    )

    def hash_of(self, spec: Any, image: Any) -> str:
        """Of spec and image."""
        return workload.hash_of(spec, image)

    def generation(self, spec: Any) -> str | None:
        """Of its volume."""
        return workload.generation(self._session.workspace, spec)

    def apply(self, _prior: State | None, planned: State) -> State:
        """Wait until it is ready, and have it reached."""
        session, spec = self._session, spec_of(planned)
        seen = workload.ensure(session.workspace, spec, session.progress, session.cancel)
        return {**planned, "hash": workload.hash_of(spec, planned["image"]), "generation": seen.generation}

    def delete(self, prior: State) -> None:
        """End its pod."""
        workload.stop(self._session.workspace, spec_of(prior), self._session.progress)


def _check_section(config: State) -> None:
    text = config["cluster"]
    if text is None or isinstance(text, Unknown):
        return
    try:
        section = json.loads(text)
    except ValueError as error:
        section = str(error)
    if not isinstance(section, dict):
        detail = "The attribute `cluster` must be a JSON object, as the manifest's `cluster:`."
        raise StackError(Diagnostic("E006", "cluster is not JSON", detail))
