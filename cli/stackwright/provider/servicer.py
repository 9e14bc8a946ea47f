"""Protocol 6, as far as a provider of resources needs it: each call decoded, guarded, answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from stackwright.errors import Diagnostic, StackError
from stackwright.provider.messages import message
from stackwright.provider.schema import Attribute, Schema
from stackwright.provider.session import Session
from stackwright.provider.values import decode, encode, encode_json

State = dict[str, Any]

PROVIDER_SCHEMA = Schema((Attribute("workspace", "The stack's folder, `.stack/<name>` beside its manifest."),))


class Resource(Protocol):
    """What one resource type does; a method that fails raises, and the servicer keeps the prior state."""

    schema: Schema

    def validate(self, config: State) -> None:
        """Refuse what can never work."""

    def read(self, state: State) -> State | None:
        """The state as it is now; None when the thing is gone."""

    def plan(self, prior: State | None, proposed: State) -> State:
        """The proposed state with computed attributes filled in, or UNKNOWN."""

    def apply(self, prior: State | None, planned: State) -> State:
        """Make it so."""

    def delete(self, prior: State) -> None:
        """Make it gone; gone already is fine."""


class Servicer:
    """Answers Terraform's calls from a table of resources."""

    def __init__(self, session: Session, resources: dict[str, Resource]) -> None:
        self.session = session
        self.resources = resources

    def handlers(self) -> dict[str, Callable[[Any, Any], Any]]:
        """Each call's name with its guarded function."""
        names = [name for name in vars(Servicer) if name[0].isupper()]
        return {name: self._guarded(name) for name in names}

    def _guarded(self, name: str) -> Callable[[Any, Any], Any]:
        """Whatever fails becomes a redacted diagnostic, and the state stays what it was."""
        call, response = getattr(self, name), message(f"{name}.Response")

        def guarded(request: Any, _context: Any) -> Any:
            try:
                return call(request)
            except Exception as error:  # noqa: BLE001 (the boundary: gRPC would show the raw text, secrets included)
                answer = response(diagnostics=self._diagnostics(error))
                if name == "ApplyResourceChange":
                    answer.new_state.CopyFrom(request.prior_state)
                elif name == "ReadResource":
                    answer.new_state.CopyFrom(request.current_state)
                return answer

        return guarded

    def _diagnostics(self, error: Exception) -> list[Any]:
        """An error for Terraform; to a hosting command it points by number, so that nothing is lost in the text."""
        place = f" [failure {self.session.failed(error)}]" if self.session.hosted else ""
        found = error.diagnostics if isinstance(error, StackError) else [_bug(error)]
        return [
            message("Diagnostic")(
                severity=1 if d.severity == "error" else 2,
                summary=self.session.redact(f"{d.code}: {d.summary}") + place,
                detail=self.session.redact(f"{d.detail}\n\n{d.hint}".strip()),
            )
            for d in found
        ]

    def GetMetadata(self, _request: Any) -> Any:  # noqa: N802 (the protocol's names, here and below)
        return message("GetMetadata.Response")(
            resources=[message("ResourceMetadata")(type_name=name) for name in self.resources],
        )

    def GetProviderSchema(self, _request: Any) -> Any:  # noqa: N802
        return message("GetProviderSchema.Response")(
            provider=PROVIDER_SCHEMA.message(),
            resource_schemas={name: resource.schema.message() for name, resource in self.resources.items()},
        )

    def GetResourceIdentitySchemas(self, _request: Any) -> Any:  # noqa: N802
        return message("GetResourceIdentitySchemas.Response")()

    def ValidateProviderConfig(self, _request: Any) -> Any:  # noqa: N802
        return message("ValidateProviderConfig.Response")()

    def ConfigureProvider(self, request: Any) -> Any:  # noqa: N802
        config = decode(request.config, PROVIDER_SCHEMA.type) or {}
        self.session.configure(config.get("workspace"))
        return message("ConfigureProvider.Response")()

    def ValidateResourceConfig(self, request: Any) -> Any:  # noqa: N802
        resource = self.resources[request.type_name]
        resource.validate(decode(request.config, resource.schema.type))
        return message("ValidateResourceConfig.Response")()

    def UpgradeResourceState(self, request: Any) -> Any:  # noqa: N802
        # Stays in JSON: Terraform's JSON and msgpack forms of one value are not the same for every type.
        raw = json.loads(request.raw_state.json)
        names = [attribute.name for attribute in self.resources[request.type_name].schema.attributes]
        kept = encode_json({name: raw.get(name) for name in names})
        return message("UpgradeResourceState.Response")(upgraded_state=kept)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        resource = self.resources[request.type_name]
        state = resource.read(decode(request.current_state, resource.schema.type))
        return message("ReadResource.Response")(new_state=encode(state, resource.schema.type), private=request.private)

    def PlanResourceChange(self, request: Any) -> Any:  # noqa: N802
        resource = self.resources[request.type_name]
        schema = resource.schema
        prior, planned = (decode(value, schema.type) for value in (request.prior_state, request.proposed_new_state))
        replaced: list[str] = []
        if planned is not None:
            planned = resource.plan(prior, planned)
            replaced = [a.name for a in schema.attributes if a.replace and prior and prior[a.name] != planned[a.name]]
        return message("PlanResourceChange.Response")(
            planned_state=encode(planned, schema.type),
            requires_replace=[_path(name) for name in replaced],
            planned_private=request.prior_private,
        )

    def ApplyResourceChange(self, request: Any) -> Any:  # noqa: N802
        resource = self.resources[request.type_name]
        of = resource.schema.type
        prior, planned = decode(request.prior_state, of), decode(request.planned_state, of)
        state = None
        with self.session.flight():
            if planned is None:
                resource.delete(prior)
            else:
                state = resource.apply(prior, planned)
        return message("ApplyResourceChange.Response")(new_state=encode(state, of), private=request.planned_private)

    def StopProvider(self, _request: Any) -> Any:  # noqa: N802
        # Only a signal: Terraform waits for the changes under way, and so do we.
        self.session.cancel.set()
        return message("StopProvider.Response")()


def _path(name: str) -> Any:
    return message("AttributePath")(steps=[message("Step")(attribute_name=name)])


def _bug(error: Exception) -> Diagnostic:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f" ({frame.tb_frame.f_code.co_name}, line {frame.tb_lineno})" if frame else ""
    detail = f"This is a bug in Stackwright: {type(error).__name__}: {error}{where}"
    return Diagnostic("E002", "provider failed unexpectedly", detail)
