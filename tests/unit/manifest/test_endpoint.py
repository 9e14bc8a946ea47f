"""What a manifest says of servers that run elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from stackwright.errors import Diagnostic
from stackwright.model.manifest import Reference

GOOD = "name: a\nlayers:\n  database: {target: external, endpoint: {interface: tinysql, host: h, port: 1"


def told(found: list[Diagnostic]) -> list[tuple[str, int, int]]:
    """Codes and places."""
    return [(d.code, d.where.line, d.where.column) for d in found if d.where]


def test_an_endpoint_with_references(load: Any) -> None:
    """Values stay as they are written; each of the three kinds of secret is a reference with its place."""
    manifest, found = load(GOOD + ", a: {env: PASSWORD}, b: {file: x.key}, c: {command: [pass, 'my db']}}}\n")
    assert found == []
    (choice,) = manifest.choices
    assert (choice.tool, choice.target) == ("", "external")
    assert (choice.endpoint["host"], choice.endpoint["port"]) == ("h", 1)
    references = [choice.endpoint[name] for name in "abc"]
    assert all(isinstance(reference, Reference) for reference in references)
    assert [(r.source, r.words) for r in references] == [
        ("env", ("PASSWORD",)),
        ("file", ("x.key",)),
        ("command", ("pass", "my db")),
    ]
    assert [r.where.line for r in references] == [3, 3, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\nlayers:\n  database: {target: external}\n", ("M020", 3, 13)),
        ("name: a\nlayers:\n  database: {tool: tinydb, endpoint: {host: h}}\n", ("M021", 3, 28)),
        (GOOD + ", password: {env: A, file: b}}}\n", ("M022", 3, 91)),
        (GOOD + ", password: {}}}\n", ("M022", 3, 91)),
        (GOOD + ", password: {env: A B}}}\n", ("M023", 3, 97)),
        (GOOD + ", password: {file: ''}}}\n", ("M006", 3, 98)),
        (GOOD + ", password: {command: []}}}\n", ("M006", 3, 101)),
        (GOOD + ", password: {command: echo}}}\n", ("M006", 3, 101)),
        (GOOD + ", password: [a]}}\n", ("M006", 3, 91)),
        (GOOD + ", password: {evn: A}}}\n", ("M001", 3, 92)),
        ("name: a\nlayers:\n  database: {target: external, endpoint: x}\n", ("M006", 3, 42)),
        ("name: a\nlayers:\n  database: {settings: {}}\n", ("M003", 3, 13)),
        ("name: a\nlayers:\n  database: {endpoint: {}}\n", ("M021", 3, 14)),
    ],
)
def test_each_mistake(load: Any, text: str, expected: tuple[str, int, int]) -> None:
    """What is wrong is told once, at its place."""
    _, found = load(text)
    assert told(found) == [expected]


def test_the_nearest_word_of_a_secret(load: Any) -> None:
    """The keys of a secret are its three sources."""
    _, found = load(GOOD + ", password: {comand: [x]}}}\n")
    assert found[0].hint == "did you mean `command`?"


def test_two_servers_of_one_layer(load: Any) -> None:
    """Two endpoints of one interface in one layer are a mistake like naming a tool twice; of two interfaces none."""
    one, other = (f"{{target: external, endpoint: {{interface: {name}, host: h, port: 1}}}}" for name in ("a", "b"))
    _, found = load(f"name: a\nlayers:\n  database:\n    - {one}\n    - {other}\n")
    assert found == []
    _, found = load(f"name: a\nlayers:\n  database:\n    - {one}\n    - {one}\n")
    assert [d.code for d in found] == ["M009"]
