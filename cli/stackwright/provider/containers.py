"""The resources of a Docker engine: a stack's network, images, components in containers. All of them are ensured."""

from __future__ import annotations

from typing import Any

from stackwright.places.docker import component, image, network
from stackwright.provider import drift
from stackwright.provider.running import Running
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.servicer import State
from stackwright.provider.session import Session
from stackwright.provider.specs import check, spec_of
from stackwright.provider.values import UNKNOWN, Unknown


class Network:
    """The network on which the components of a stack find each other by name."""

    schema = Schema(
        (
            Attribute("stack", "The stack's id, which is the network's name.", required=True, replace=True),
            Attribute("id", "The engine's own name for it.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """There is nothing to mistake."""

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.network(self._session.workspace, state)
        if seen is None:
            self._session.reasons["network", state["stack"]] = "it is no longer there"
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """A network that is made anew has another id."""
        return {**proposed, "id": prior["id"] if prior else UNKNOWN}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Make it, or find it."""
        return {**planned, "id": network.ensure(self._session.workspace)}

    def delete(self, _prior: State) -> None:
        """Remove it; whatever was on it has been removed before."""
        network.remove(self._session.workspace)


class Image:
    """A base with an environment. Other stacks may use the same one: `stack down` removes it where none does."""

    schema = Schema(
        (
            Attribute("key", "The environment's name.", required=True, replace=True),
            Attribute("base", "The image that it is installed on.", required=True),
            Attribute("spec", "What to install, as JSON.", required=True),
            Attribute("image", "What the image is called.", computed=True),
        )
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def validate(self, config: State) -> None:
        """The spec must be JSON and name the same key."""
        check(config, "key", "key")

    def read(self, state: State) -> State | None:
        """As `drift` says, and why."""
        seen = drift.image(self._session.workspace, state)
        if seen is None:
            self._session.reasons["image", state["key"]] = "the engine no longer has it"
        return seen

    def plan(self, prior: State | None, proposed: State) -> State:
        """Its name is known where its base is."""
        base = proposed["base"]
        known = None if isinstance(base, Unknown) else image.known(proposed["key"], base)
        if known is None and prior and prior["base"] == base:
            known = prior["image"]  # the base was removed since; what was made of it is not
        return {**proposed, "image": known or UNKNOWN}

    def apply(self, _prior: State | None, planned: State) -> State:
        """Build it where it is not there."""
        session = self._session
        spec = {**spec_of(planned), "base": planned["base"]}
        return {**planned, "image": image.ensure(session.workspace, spec, session.progress, session.cancel)}

    def delete(self, _prior: State) -> None:
        """Nothing: it is shared."""


class Container(Running):
    """A component in containers."""

    kind = "container"
    schema = Schema(
        (
            Attribute("component", "The component's id.", required=True, replace=True),
            Attribute("spec", "Everything resolved but secrets, as JSON.", required=True),
            Attribute("image", "What it runs in.", required=True),
            Attribute("after", "What must be there before it starts.", ["list", "string"]),
            Attribute("hash", "Of the spec and image that run.", computed=True),
            Attribute("generation", "Another one when its volume was made afresh.", computed=True),
        )
    )

    def hash_of(self, spec: Any, image: Any) -> str:
        """Of spec and image."""
        return component.hash_of(spec, image)

    def generation(self, spec: Any) -> str | None:
        """Of its volume."""
        return component.generation(self._session.workspace, spec)

    def adopted(self, spec: Any) -> str | None:
        """Of its containers."""
        seen = component.observe(self._session.workspace, spec)
        return seen.hash if seen else None

    def apply(self, _prior: State | None, planned: State) -> State:
        """Start it, adopt it, or make it anew when its spec is another; answers when it is ready."""
        session, spec = self._session, spec_of(planned)
        seen = component.ensure(session.workspace, spec, planned["image"], session.progress, session.cancel)
        return {**planned, "hash": seen.hash, "generation": seen.generation}

    def delete(self, prior: State) -> None:
        """Stop and remove its containers."""
        component.stop(self._session.workspace, prior["component"], self._session.progress)
