"""The protocol's messages, made at run time."""

from stackwright.provider.messages import message, methods


def test_numbers_on_the_wire() -> None:
    """Fields travel under the protocol's numbers: tag 0x0a is field 1, 0x12 field 2."""
    value = message("DynamicValue")(msgpack=b"\xc0", json=b"{}")

    assert value.SerializeToString() == b"\x0a\x01\xc0\x12\x02{}"


def test_map() -> None:
    """A map travels as entries of key and value."""
    answer = message("GetProviderSchema.Response")(resource_schemas={"a": message("Schema")(version=1)})

    assert answer.SerializeToString() == b"\x12\x07\x0a\x01a\x12\x02\x08\x01"


def test_unknown_fields_are_skipped() -> None:
    """A newer Terraform's fields do no harm."""
    read = message("StopProvider.Request").FromString(b"\x5a\x03abc")

    assert read is not None


def test_every_call_has_both_messages() -> None:
    """Each request has its response."""
    assert all(message(f"{name}.Response") for name in methods())
