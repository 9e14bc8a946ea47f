"""Values as Terraform's language writes them, so that every string arrives byte for byte."""

from __future__ import annotations

import json
from typing import Any

_WIDTH = 100


def document(value: Any, indent: int = 4) -> str:
    """JSON for an indented heredoc, short parts on one line.

    Pure ASCII, because Terraform normalises the Unicode it reads; and `${` and `%{`, which would start a template
    even in a heredoc, are written with JSON's own escapes.
    """
    return _layout(value, " " * indent)


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
