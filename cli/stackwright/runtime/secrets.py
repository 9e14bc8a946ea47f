"""The stack's secrets: made once (or the user's own), in one 0600 file, filled in at the last moment, never shown."""

from __future__ import annotations

import base64
import json
import secrets
import string
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.files import write_atomic
from stackwright.runtime.flock import locked

# Letters and digits need no quoting in a URL, an INI file, SQL, a shell or YAML.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32
_HIDDEN = "***"
_SHORTEST = 4  # what is shorter stands in every other word: hiding it would only tell what it is

Segment = str | dict[str, str]
Text = str | Sequence[Segment]  # as it stands in a spec (docs/architecture.md)


class Secrets:
    """`secrets.json` of one workspace; any number of threads and processes may use it at once."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._values: dict[str, str] = {}
        self._guard = threading.Lock()

    def get_or_make(self, key: str) -> str:
        """The secret of that key, made and on disk before anybody sees it."""
        with self._guard:
            if key in self._values:
                return self._values[key]
            with locked(self._path.with_name(self._path.name + ".lock")):
                self._values = self._read()
                if key not in self._values:
                    made = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
                    self._write({**self._values, key: made})
            return self._values[key]

    def put(self, values: Mapping[str, str]) -> None:
        """Keep secrets that the user has; those of the same keys before are forgotten."""
        with self._guard, locked(self._path.with_name(self._path.name + ".lock")):
            self._write({**self._read(), **values})

    def fill(self, text: Text) -> str:
        """A text of a spec with its secrets in place."""
        if isinstance(text, str):
            return text
        return "".join(part if isinstance(part, str) else self._filled(part["secret"]) for part in text)

    def _filled(self, word: str) -> str:
        key, _, form = word.partition("|")
        return _ENCODED[form](self.get_or_make(key))

    def redact(self, message: str) -> str:
        """`message` without any of the secrets, however they are encoded."""
        with self._guard:
            with suppress(StackError):  # a damaged file must not hide the error that is being told
                self._values = {**self._values, **self._read()}  # another process may have made some since
            forms = {form for value in self._values.values() for form in _forms(value)}
        for form in sorted(forms, key=len, reverse=True):
            message = message.replace(form, _HIDDEN)
        return message

    def _write(self, values: dict[str, str]) -> None:
        self._values = values
        write_atomic(self._path, (json.dumps(values, indent=1, sort_keys=True) + "\n").encode())

    def _read(self) -> dict[str, str]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            values = None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise StackError(_damaged(self._path))
        return values


def _forms(value: str) -> Iterator[str]:
    """Plain, URL-encoded, in JSON, and base64 wherever in the encoded bytes the secret begins."""
    if len(value) < _SHORTEST:
        return
    yield from (value, quote(value, safe=""), quote_plus(value), _in_json(value), repr(value)[1:-1])
    for offset in range(3):
        # Six bits a character: the first and the last ones also depend on what stands beside the secret.
        first, last = -(-offset * 8 // 6), (offset + len(value.encode())) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * offset + value.encode() + b"\0\0").decode()[first:last]


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


# How a place for a secret wants it: `<key>|url` percent-encoded, `<key>|json` as inside a JSON string.
_ENCODED: dict[str, Callable[[str], str]] = {"": str, "url": lambda value: quote(value, safe=""), "json": _in_json}


def _damaged(path: Path) -> Diagnostic:
    return Diagnostic(
        code="P103",
        summary="secrets file is damaged",
        detail=f"`{path}` is not the JSON that was written there, so the running components' passwords are unknown.",
        hint="take the stack down and up again, which makes new ones:\n    stack down\n    stack up",
    )
