"""The schema for editors accepts what the loader accepts, and knows its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stackwright.folders import shipped
from stackwright.operations.schema import schema
from stackwright.yamlfile import read_yaml

BLUEPRINTS = sorted((shipped() / "blueprints").glob("[a-z]*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """Of the schema, which must be one."""
    found = schema()
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_every_blueprint_is_accepted(validator: Draft202012Validator, file: Path) -> None:
    """What ships is right: an editor marks nothing in it, and would mark a key too much."""
    data = read_yaml(file).data
    assert [error.message for error in validator.iter_errors(data)] == []
    assert not validator.is_valid(data | {"layer": {}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"layers": {"database": "postgres"}},
        {"name": "Churn", "layers": {"database": "postgres"}},
        {"name": "churn", "layers": {"databse": "postgres"}},
        {"name": "churn", "layers": {"database": {"tool": "postgres", "setings": {}}}},
        {"name": "churn", "layers": {}, "target": "mars"},
        {"name": "churn", "layers": {"database": []}},
    ],
)
def test_mistakes_are_seen(validator: Draft202012Validator, wrong: dict[str, Any]) -> None:
    """A missing or bad name, an unknown layer, key or target, a layer of nothing."""
    assert not validator.is_valid(wrong)


def test_an_editor_can_suggest_tools() -> None:
    """Each layer lists the tools that do it here."""
    layers = schema()["properties"]["layers"]["properties"]
    assert "postgres" in layers["database"]["anyOf"][0]["enum"]
    assert {"data-pipelines", "orchestration"} <= layers.keys()
