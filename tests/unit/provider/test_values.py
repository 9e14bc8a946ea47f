"""Values on the wire: what Terraform sends comes in exactly, and goes out as it came."""

from decimal import Decimal

import msgpack
import pytest

from stackwright.provider.messages import message
from stackwright.provider.values import UNKNOWN, decode, encode


def _sent(value: object) -> object:
    return message("DynamicValue")(msgpack=msgpack.packb(value))


def _round(value: object, of: object) -> object:
    return decode(encode(value, of), of)


@pytest.mark.parametrize("payload", [msgpack.ExtType(0, b"\0"), msgpack.ExtType(12, b"\x81\x01\xc2")])
def test_unknown(payload: object) -> None:
    """An unknown is UNKNOWN, refined or not."""
    assert decode(_sent({"a": payload}), ["object", {"a": "string"}]) == {"a": UNKNOWN}


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64 - 1, -(2**63), 2**80, 0.5, 1e300, Decimal("0.1")])
def test_numbers(number: object) -> None:
    """A number keeps its value whatever its size."""
    back = _round([number], ["list", "number"])

    assert back == [number]


def test_fraction_as_digits() -> None:
    """A fraction that comes as decimal digits is not rounded to a double."""
    exact = "0.1000000000000000000000000000000000001"

    assert decode(_sent(exact), "number") == Decimal(exact)
    assert msgpack.unpackb(encode(Decimal(exact), "number").msgpack) == exact


def test_nested() -> None:
    """Lists, maps, tuples and objects keep their nulls, unknowns and order."""
    of = [
        "object",
        {"l": ["list", "string"], "m": ["map", "number"], "t": ["tuple", ["bool", "number"]], "n": "string"},
    ]
    value = {"l": ["b", "a", UNKNOWN], "m": {"x": 1, "y": None}, "t": [True, 2], "n": None}

    assert _round(value, of) == value


def test_null_and_absent() -> None:
    """A null object and an absent one are both None."""
    assert _round(None, ["object", {}]) is None
    assert decode(message("DynamicValue")(), "string") is None


def test_json() -> None:
    """A value in JSON means the same."""
    value = message("DynamicValue")(json=b'{"a": 1.5, "b": null}')

    assert decode(value, ["object", {"a": "number", "b": "string"}]) == {"a": Decimal("1.5"), "b": None}


def test_a_type_that_is_not_spoken() -> None:
    """A type this provider has no use for is refused, not guessed."""
    with pytest.raises(ValueError, match="not spoken"):
        decode(_sent({"a": 1}), ["capsule", "x"])
