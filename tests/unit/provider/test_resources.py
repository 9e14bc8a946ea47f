"""What the resources refuse and predict before anything is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.folders import shipped
from stackwright.provider.address import ADDRESS
from stackwright.provider.resources import table
from stackwright.provider.session import Session
from stackwright.provider.values import UNKNOWN

RESOURCES = table(Session())


@pytest.mark.parametrize("spec", ["{", "[]", "3", '{"key": "other"}', "{}"])
def test_specs_that_can_never_work(spec: str) -> None:
    """A spec that is not JSON, no object, or of something else is refused before anything is planned."""
    with pytest.raises(StackError):
        RESOURCES["stackwright_environment"].validate({"key": "a", "spec": spec})


@pytest.mark.parametrize(
    ("resource", "known", "later"),
    [
        ("stackwright_environment", {"key": "a", "spec": '{"key": "other"}'}, "key"),
        ("stackwright_environment", {"key": "a", "spec": '{"key": "other"}'}, "spec"),
        ("stackwright_process", {"component": "a", "spec": "{"}, "spec"),
        ("stackwright_grant", {"wire": "a.b", "spec": "[]", "generation": "1"}, "spec"),
    ],
)
def test_specs_that_are_not_known_yet(resource: str, known: dict[str, str], later: str) -> None:
    """What Terraform will know later is not judged before, and is judged then."""
    RESOURCES[resource].validate(known | {later: UNKNOWN})
    with pytest.raises(StackError):
        RESOURCES[resource].validate(known)


def test_unknown_spec() -> None:
    """What follows from a spec that is not known is not known either."""
    planned = RESOURCES["stackwright_process"].plan(None, {"component": "a", "spec": UNKNOWN, "after": []})

    assert planned["hash"] is UNKNOWN
    assert planned["generation"] is UNKNOWN


def test_prefix_is_predicted() -> None:
    """An environment's place is known before it is installed."""
    spec = json.dumps({"key": "a", "prefix": "/p"})

    assert RESOURCES["stackwright_environment"].plan(None, {"key": "a", "spec": spec})["prefix"] == "/p"


def test_no_workspace() -> None:
    """Without a workspace the provider says how to name one."""
    with pytest.raises(StackError) as caught:
        RESOURCES["stackwright_process"].read({"component": "a", "spec": "{}"})

    assert "workspace =" in caught.value.diagnostics[0].hint


ASKING = [file for file in shipped().glob("modules/*/*.tf") if 'resource "stackwright_' in file.read_text()]


@pytest.mark.parametrize("path", [*ASKING, shipped() / "templates" / "main.tf.j2"])
def test_one_address(path: Path) -> None:
    """Root and modules that use the hosted provider ask for it; those of clouds have others."""
    assert f'source = "{ADDRESS}"' in path.read_text()
