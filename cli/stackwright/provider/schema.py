"""What a resource looks like to Terraform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from stackwright.provider.messages import message
from stackwright.provider.values import Type


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; neither `required` nor `computed` means optional."""

    name: str
    about: str
    type: Type = "string"
    required: bool = False
    computed: bool = False
    replace: bool = False  # another value is another thing

    def message(self) -> Any:
        """As the protocol says it."""
        return message("Attribute")(
            name=self.name,
            type=json.dumps(self.type).encode(),
            description=self.about,
            required=self.required,
            computed=self.computed,
            optional=not (self.required or self.computed),
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes of a resource or of the provider itself."""

    attributes: tuple[Attribute, ...]

    @property
    def type(self) -> Type:
        """The type of the whole object."""
        return ["object", {attribute.name: attribute.type for attribute in self.attributes}]

    def message(self) -> Any:
        """As the protocol says it."""
        return message("Schema")(block=message("Block")(attributes=[a.message() for a in self.attributes]))
