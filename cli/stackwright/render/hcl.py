"""Values as Terraform's language writes them, so that every string arrives byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any

_WIDTH = 100
_ESCAPE = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\.")


def document(value: Any, indent: int = 4) -> str:
    """JSON for an indented heredoc, short parts on one line.

    Pure ASCII, because Terraform normalises the Unicode it reads; and `${` and `%{`, which would start a template
    even in a heredoc, are written with JSON's own escapes.
    """
    return _layout(value, " " * indent)


def yaml_document(value: Any, indent: int = 4) -> str:
    """The same for who reads it as YAML, which does not put characters together from JSON's halves of them."""

    def whole(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0]
        return f"\\U{0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00:08x}"

    return _ESCAPE.sub(whole, document(value, indent))


def quoted(text: str) -> str:
    """A string in quotes."""
    plain = json.dumps(text, ensure_ascii=False).replace("\\b", "\\u0008").replace("\\f", "\\u000c")
    return plain.replace("${", "$${").replace("%{", "%%{")


def comment(text: str) -> str:
    """The text on one line, with nothing in it that could end a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _layout(value: Any, margin: str) -> str:
    flat = _flat(value)
    if len(margin) + len(flat) <= _WIDTH or not isinstance(value, dict | list | tuple) or not value:
        return flat
    inner = margin + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{_flat(str(key))}: {_layout(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{margin}}}"
    return "[\n" + ",\n".join(inner + _layout(item, inner) for item in value) + f"\n{margin}]"


def _flat(value: Any) -> str:
    return json.dumps(value, allow_nan=False).replace("${", "\\u0024{").replace("%{", "\\u0025{")
