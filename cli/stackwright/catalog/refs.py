"""Evaluates a recipe's trees: references are replaced once, and what replaces them is never read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from stackwright.catalog.forms import ANY, Form, MalformedError, condition, form_of, parse, references
from stackwright.errors import Diagnostic, StackError
from stackwright.model.base import Secret, Text
from stackwright.model.catalog import Interface

Context = Mapping[str, Any]


class _Several(list[Any]):
    """What `items` and `each` give: several values for the list around them."""


_ABSENT = object()
_MISSING = object()


def evaluate(tree: Any, context: Context) -> Any:
    """The tree with every reference replaced and every form decided; None for a form that gives nothing.

    A lone reference keeps its type, a list inside text joins with commas, secrets make segments of a text.
    """
    value = _outcome(tree, context)
    return None if value is _ABSENT else _plain(value)


def _outcome(node: Any, context: Context) -> Any:
    if isinstance(node, str):
        return _substitute(node, context)
    if isinstance(node, list | tuple):
        return [value for item in node for value in _spread(_outcome(item, context))]
    if not isinstance(node, dict):
        return node
    if form := form_of(node):
        return _decide(form, node, context)
    values = ((key, _outcome(value, context)) for key, value in node.items())
    return {key: _plain(value) for key, value in values if value is not _ABSENT}


def _decide(form: Form, node: dict[str, Any], context: Context) -> Any:
    match form:
        case "when":
            return _body(node, context) if holds(node["when"], context) else _ABSENT
        case "each":
            rows = lookup(tuple(str(node["each"]).split(".")), context, None) or ()
            return _Several(v for row in rows for v in _spread(_body(node, {**context, "each": row})))
        case "first":
            outcomes = (_outcome(choice, context) for choice in node["first"])
            return next((outcome for outcome in outcomes if outcome is not _ABSENT), _ABSENT)


def _body(form: dict[str, Any], context: Context) -> Any:
    return _Several(_outcome(form["items"], context)) if "items" in form else _outcome(form["value"], context)


def _spread(outcome: Any) -> Iterable[Any]:
    if outcome is _ABSENT:
        return ()
    return outcome if isinstance(outcome, _Several) else (outcome,)


def _plain(outcome: Any) -> Any:
    return list(outcome) if isinstance(outcome, _Several) else outcome


def holds(when: Any, context: Context) -> bool:
    """Whether a condition is met: a path that leads to something, or (for a need, its interface) to the literal."""
    path, literal = condition(when)
    value = lookup(path, context, None)
    if literal is ANY:
        return bool(value)
    found = value.get("interface") if isinstance(value, Mapping) else value
    return bool(found == literal and isinstance(found, bool) == isinstance(literal, bool))


def lookup(path: tuple[str, ...], context: Context, default: Any = _MISSING) -> Any:
    """The value a dotted path leads to; without a default, a path that leads nowhere is a StackError."""
    value: Any = context
    for word in path:
        value = value.get(word, _MISSING) if isinstance(value, Mapping) else _MISSING
        if value is _MISSING:
            break
    if value is not _MISSING:
        return value
    if default is not _MISSING:
        return default
    detail = f"`{'.'.join(path)}` leads nowhere in this stack."
    raise StackError(
        Diagnostic("C010", "reference has no value", detail, hint="check the entry with\n    stack catalog check")
    )


def _substitute(text: str, context: Context) -> Any:
    try:
        parts = parse(text)
    except MalformedError:
        detail = f"In `{text}`, `{{{{` does not begin a reference."
        raise StackError(Diagnostic("C011", "reference is malformed", detail)) from None
    if len(parts) == 1 and isinstance(parts[0], tuple):
        value = lookup(parts[0], context)
        return (value,) if isinstance(value, Secret) else value
    return join(part if isinstance(part, str) else as_text(lookup(part, context)) for part in parts)


def as_text(value: Any) -> Text:
    """A value as it stands on a command line, in a variable or inside a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Secret):
        return (value,)
    if is_segments(value):
        return join(value)
    if isinstance(value, list | tuple):
        return join(part for index, item in enumerate(value) for part in ("," if index else "", as_text(item)))
    kind = "nothing" if value is None else "a mapping"
    raise StackError(Diagnostic("C012", "value is no text", f"A text was asked for, and there is {kind}."))


def is_segments(value: Any) -> bool:
    """Whether a value is a text with secrets, and not a list."""
    if not isinstance(value, tuple) or not any(isinstance(part, Secret) for part in value):
        return False
    return all(isinstance(part, str | Secret) for part in value)


def join(parts: Iterable[Text | Secret]) -> Text:
    """One text from several: neighbouring strings merged, and a plain string where there is no secret."""
    merged: list[str | Secret] = []
    for part in parts:
        for segment in (part,) if isinstance(part, str | Secret) else part:
            if isinstance(segment, str) and merged and isinstance(merged[-1], str):
                merged[-1] += segment
            elif segment != "":
                merged.append(segment)
    if any(isinstance(segment, Secret) for segment in merged):
        return tuple(merged)
    return str(merged[0]) if merged else ""


def interface_fields(
    interface: Interface,
    base: Mapping[str, Any],
    own: Mapping[str, Any],
    grant: Mapping[str, Any],
    *,
    users: bool = False,
) -> dict[str, Any]:
    """The fields of an endpoint as one consumer sees them: `base` (host, port …), defaults, the endpoint's own, the
    grant's, and what derives from them. A field that derives from one nobody gave (no grant here) is left out.
    What `users` wrote may hold anything, so it goes into addresses encoded.
    """
    fields: dict[str, Any] = {**base, "interface": interface.name}
    fields |= {name: field.default for name, field in interface.fields.items() if field.default is not None}
    fields |= {**own, **grant}
    waiting = {name: field.derive for name, field in interface.fields.items() if field.derive and name not in fields}
    while ready := [name for name, derive in waiting.items() if derive and set(words(derive)) <= set(fields)]:
        for name in ready:
            derive = str(waiting.pop(name))
            encode = users and "://" in derive
            parts = {word: _in_address(word, fields[word], interface) for word in fields} if encode else fields
            fields[name] = evaluate(derive, parts)
    return fields


def _in_address(word: str, value: Any, interface: Interface) -> Any:
    """A field as it stands inside an address: an address itself as it is, everything else so that it ends nothing."""
    if word == "host":
        return f"[{value}]" if ":" in str(value) else value
    if word not in interface.fields or interface.fields[word].derive:
        return value
    if isinstance(value, str):
        return quote(value, safe="")
    return tuple(quote(p, safe="") if isinstance(p, str) else Secret(secret=f"{p.secret}|url") for p in as_text(value))


def words(text: str) -> list[str]:
    """The first word of every reference in a text: for `derive`, the fields it is made of."""
    return [reference[0] for reference in references(text)]
