"""The messages of Terraform's plugin protocol 6 that this provider speaks, made from their published field numbers.

Generated stubs are tied to a range of protobuf versions; descriptors made at run time work with all of them.
Fields that are not listed (a newer Terraform's) are skipped by protobuf, as the protocol wants.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin6"

# message -> fields as `type name number`; `*` marks a repeated field, `!` a map from string.
_MESSAGES = {
    "DynamicValue": "bytes msgpack 1, bytes json 2",
    "Diagnostic": "int64 severity 1, string summary 2, string detail 3",
    "Step": "string attribute_name 1",
    "AttributePath": "*Step steps 1",
    "RawState": "bytes json 1",
    "Attribute": "string name 1, bytes type 2, string description 3, bool required 4, bool optional 5, bool computed 6",
    "Block": "int64 version 1, *Attribute attributes 2, string description 4",
    "Schema": "int64 version 1, Block block 2",
    "ResourceMetadata": "string type_name 1",
    "GetMetadata.Request": "",
    "GetMetadata.Response": "*Diagnostic diagnostics 2, *ResourceMetadata resources 4",
    "GetProviderSchema.Request": "",
    "GetProviderSchema.Response": "Schema provider 1, !Schema resource_schemas 2, *Diagnostic diagnostics 4",
    "GetResourceIdentitySchemas.Request": "",
    "GetResourceIdentitySchemas.Response": "*Diagnostic diagnostics 2",
    "ValidateProviderConfig.Request": "DynamicValue config 1",
    "ValidateProviderConfig.Response": "*Diagnostic diagnostics 2",
    "ConfigureProvider.Request": "string terraform_version 1, DynamicValue config 2",
    "ConfigureProvider.Response": "*Diagnostic diagnostics 1",
    "ValidateResourceConfig.Request": "string type_name 1, DynamicValue config 2",
    "ValidateResourceConfig.Response": "*Diagnostic diagnostics 1",
    "UpgradeResourceState.Request": "string type_name 1, int64 version 2, RawState raw_state 3",
    "UpgradeResourceState.Response": "DynamicValue upgraded_state 1, *Diagnostic diagnostics 2",
    "ReadResource.Request": "string type_name 1, DynamicValue current_state 2, bytes private 3",
    "ReadResource.Response": "DynamicValue new_state 1, *Diagnostic diagnostics 2, bytes private 3",
    "PlanResourceChange.Request": "string type_name 1, DynamicValue prior_state 2, DynamicValue proposed_new_state 3, "
    "DynamicValue config 4, bytes prior_private 5",
    "PlanResourceChange.Response": "DynamicValue planned_state 1, *AttributePath requires_replace 2, "
    "bytes planned_private 3, *Diagnostic diagnostics 4",
    "ApplyResourceChange.Request": "string type_name 1, DynamicValue prior_state 2, DynamicValue planned_state 3, "
    "DynamicValue config 4, bytes planned_private 5",
    "ApplyResourceChange.Response": "DynamicValue new_state 1, bytes private 2, *Diagnostic diagnostics 3",
    "StopProvider.Request": "",
    "StopProvider.Response": "string Error 1",
}

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bytes": _Field.TYPE_BYTES,
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
    "int64": _Field.TYPE_INT64,
}


@cache
def _classes() -> dict[str, Any]:
    # proto2, because there every field has presence: an empty value that is set is also sent.
    file = descriptor_pb2.FileDescriptorProto(name="stackwright/tfplugin6", package=PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name.replace(".", "_"))
        for field in filter(None, fields.split(", ")):
            _add_field(message, *field.split(" "))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = {name: f"{PACKAGE}.{name.replace('.', '_')}" for name in _MESSAGES}
    return {n: message_factory.GetMessageClass(pool.FindMessageTypeByName(full)) for n, full in names.items()}


def _add_field(message: descriptor_pb2.DescriptorProto, kind: str, name: str, number: str) -> None:
    label = _Field.LABEL_REPEATED if kind[0] in "*!" else _Field.LABEL_OPTIONAL
    bare = kind.lstrip("*!")
    if kind[0] == "!":  # a map travels as a repeated message of key and value
        entry = message.nested_type.add(name="".join(word.title() for word in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add_field(entry, "string", "key", "1")
        _add_field(entry, bare, "value", "2")
        bare = f"{message.name}.{entry.name}"
    field = message.field.add(name=name, number=int(number), label=label)
    if bare in _SCALARS:
        field.type = _SCALARS[bare]
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{bare}"


def message(name: str) -> Any:
    """The class of a message: `message("ReadResource.Request")`."""
    return _classes()[name]


def methods() -> list[str]:
    """The names of the calls whose messages are listed here."""
    return [name.removesuffix(".Request") for name in _MESSAGES if name.endswith(".Request")]
