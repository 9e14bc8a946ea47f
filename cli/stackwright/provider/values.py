"""Terraform's values on the wire: msgpack or JSON, with unknowns, exact numbers and nulls."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from stackwright.provider.messages import message

# A type as the protocol writes it: "string", ["list", "number"], ["object", {"name": "string"}].
Type = str | list[Any]


class Unknown:
    """A value that Terraform will only know after apply."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()
_UNKNOWN_ON_THE_WIRE = msgpack.ExtType(0, b"\0")
_INT64, _UINT64 = -(2**63), 2**64 - 1


def decode(value: Any, of: Type) -> Any:
    """The Python value of a DynamicValue; an absent one is None."""
    if value.msgpack:
        # Terraform sends refined unknowns ("not null", "starts with …") as further extensions: still unknown.
        raw = msgpack.unpackb(value.msgpack, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False)
    elif value.json:
        raw = json.loads(value.json, parse_float=Decimal)
    else:
        return None
    return _convert(raw, of, _number_in)


def encode(value: Any, of: Type) -> Any:
    """The DynamicValue of a Python value."""
    return message("DynamicValue")(msgpack=msgpack.packb(_convert(value, of, _number_out)))


def encode_json(value: Any) -> Any:
    """The DynamicValue of a value that came as JSON and stays JSON."""
    return message("DynamicValue")(json=json.dumps(value).encode())


def _convert(value: Any, of: Any, number: Callable[[Any], Any]) -> Any:
    if value is UNKNOWN:
        return _UNKNOWN_ON_THE_WIRE if number is _number_out else value
    if value is None or of in ("string", "bool"):
        return value
    return number(value) if of == "number" else _convert_parts(value, of[0], of[1], number)


def _convert_parts(value: Any, kind: str, inner: Any, number: Callable[[Any], Any]) -> Any:
    match kind:
        case "list" | "set":
            return [_convert(item, inner, number) for item in value]
        case "tuple":
            return [_convert(item, of, number) for item, of in zip(value, inner, strict=True)]
        case "map":
            return {key: _convert(item, inner, number) for key, item in value.items()}
        case "object":
            return {key: _convert(value.get(key), of, number) for key, of in inner.items()}
    raise ValueError(f"the type {kind!r} is not spoken here")


def _number_in(value: Any) -> Any:
    """What fits neither an integer nor a double comes as decimal digits; nothing is rounded."""
    if not isinstance(value, str | Decimal):
        return value
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else exact


def _number_out(value: Any) -> Any:
    fits = isinstance(value, float) or (isinstance(value, int) and _INT64 <= value <= _UINT64)
    return value if fits else str(value)
