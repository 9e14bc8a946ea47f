"""What every noun shares, and the two kinds of text a plan is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen noun that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Secret(Model):
    """A place in a text where a secret goes in, by its key in secrets.json: `<component>.<name>`.

    A user's own secret may hold anything: `<key>|url` is it percent-encoded, `<key>|json` as inside a JSON string.
    """

    secret: str


# A text with secrets is a list of segments: never a marked string that a user's value could imitate.
Segments = tuple[str | Secret, ...]
Text = str | Segments


def as_json(text: Text) -> Any:
    """The text as it stands in a spec: a string, or a list of strings and {"secret": key}."""
    if isinstance(text, str):
        return text
    return [part if isinstance(part, str) else {"secret": part.secret} for part in text]


def secrets_in(text: Text) -> list[str]:
    """The keys of the secrets a text needs."""
    return [] if isinstance(text, str) else [part.secret for part in text if isinstance(part, Secret)]
