"""Writes a configuration file's data as JSON, YAML, INI or lines, leaving a place for every secret in it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from stackwright.catalog.refs import as_text, is_segments, join
from stackwright.errors import Diagnostic, StackError
from stackwright.model.base import Secret, Text, secrets_in

_BREAKS_A_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_LIKE_A_NUMBER = re.compile(r"[-+.\d]|[yYnN]\Z")


class _WithNonce(str):
    """A text in which random words stand for secrets."""


def dump_file(format: str, data: Any) -> Text:
    """The file's content. A value that would break out of its place in the format is refused (StackError)."""
    nonces: dict[str, Secret] = {}
    marked = _mark(data, nonces)
    content = {"json": _json, "yaml": _yaml, "ini": _ini, "lines": _lines}[format](marked)
    if not nonces:
        return content
    pieces: list[str | Secret] = [*re.split(f"({'|'.join(nonces)})", content)]
    pieces[1::2] = [nonces[str(word)] for word in pieces[1::2]]
    if format in ("json", "yaml"):  # where a quote in a user's own secret would end its text
        pieces[1::2] = [Secret(secret=key if "|" in key else f"{key}|json") for key in secrets_in(tuple(pieces))]
    return join(pieces)


def _mark(data: Any, nonces: dict[str, Secret]) -> Any:
    """The data with every secret replaced by a random word, which no value can imitate, known only to `nonces`."""
    if isinstance(data, Secret) or is_segments(data):
        return _WithNonce("".join(_nonce(part, nonces) for part in as_text(data)))
    if isinstance(data, Mapping):
        return {key: _mark(value, nonces) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_mark(value, nonces) for value in data]
    return data


def _nonce(part: str | Secret, nonces: dict[str, Secret]) -> str:
    if isinstance(part, str):
        return part
    word = f"x{secrets.token_hex(24)}"
    nonces[word] = part
    return word


def _json(data: Any) -> str:
    try:
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise _misfit("json", str(error)) from None


def _yaml(data: Any) -> str:
    import yaml

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: Any, value: str) -> Any:
        # A secret may come to look like a number, and a reader of YAML 1.2 knows numbers that PyYAML does not quote.
        quoted = isinstance(value, _WithNonce) or _LIKE_A_NUMBER.match(value)
        return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), '"' if quoted else None)

    Dumper.add_representer(str, text)
    Dumper.add_representer(_WithNonce, text)
    try:
        return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=2**30)
    except yaml.YAMLError as error:
        raise _misfit("yaml", str(error)) from None


def _ini(data: Any) -> str:
    return "\n".join("".join(_section(name, section)) for name, section in data.items())


def _section(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(section, Mapping):
        raise _misfit("ini", f"`{name}` is no section: an ini file holds sections of keys")
    yield f"[{_line('ini', name, ']')}]\n"
    for key, value in section.items():
        if key.startswith(("[", "#", ";")) or ":" in key:
            raise _misfit("ini", f"`{key}` cannot be a key")
        yield f"{_line('ini', key, '=')} = {_line('ini', _one_text(value))}\n"


def _lines(data: Any) -> str:
    return "".join(f"{_line('lines', _one_text(value))}\n" for value in data)


def _one_text(value: Any) -> str:
    """A scalar as text; nonces are plain by now."""
    text = as_text(value)
    assert isinstance(text, str)
    return text


def _line(format: str, text: str, forbidden: str = "") -> str:
    bad = _BREAKS_A_LINE.search(text)
    if bad:
        raise _misfit(format, f"{bad[0]!r} in `{text[: bad.start()]}…` ends the line it stands on")
    if format == "ini" and text != text.strip():
        raise _misfit(format, f"the spaces around `{text}` would be lost")
    if forbidden and forbidden in text:
        raise _misfit(format, f"`{forbidden}` in `{text}` ends the name it stands in")
    return text


def _misfit(format: str, reason: str) -> StackError:
    return StackError(
        Diagnostic("C013", "value does not fit into the file", f"A `{format}` file cannot hold it: {reason}.")
    )
